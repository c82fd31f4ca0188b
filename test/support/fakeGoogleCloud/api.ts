import type { World } from "./world.ts";

/** JSON of any shape: requests and answers are what Google's documentation says, and have no types here. */
export type Fields = Record<string, any>;

export interface Call {
  /** Parts of the path that stand in braces in the route's pattern. */
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly body: Fields;
}

/** Answers one kind of request. It throws a GoogleError where Google would refuse. */
export type Handler = (call: Call) => Fields;

/** `METHOD path` below the API's own path, such as `GET projects/{project}`, and what answers it. */
export type Routes = Record<string, Handler>;

/** One of Google's APIs. */
export interface Api {
  /** Name under which projects enable it. */
  readonly service: string;
  /** Environment variable in which the provider looks for the address of this API. */
  readonly variable: string;
  /** Path below the server's address, with a slash at both ends. */
  readonly path: string;
  routes(world: World): Routes;
}
