import { createHash, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { listening } from "../../support/listening.ts";

/** Who is in front of the login page. */
export interface Person {
  email: string;
  /** True where it is left out. An ID token says nothing where it is undefined. */
  email_verified?: boolean | undefined;
}

export interface FakeIssuer {
  readonly url: string;
  /** The person that logs in next. */
  person: Person;
  /** What a program keeps that has signed in as that person once. */
  readonly refreshToken: string;
  /** An ID token as the provider would give one to a program. */
  idToken(claims: object): string;
  close(): Promise<void>;
}

/** An OpenID Connect provider of one client that lets in anyone who is there, and checks what the client must prove. */
export async function fakeIssuer(
  client: { id: string; secret: string },
  tls: { key: string; cert: string },
): Promise<FakeIssuer> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const granted = new Map<string, URLSearchParams>();
  const signed = (claims: object) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "RS256", kid: "one", typ: "JWT" })}.${part(claims)}`;
    return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
  };
  const idToken = (claims: object) => {
    const now = Math.floor(Date.now() / 1000);
    return signed({ iss: issuer.url, aud: client.id, iat: now, exp: now + 600, ...claims });
  };

  const authorize = ({ searchParams }: URL, response: ServerResponse) => {
    const code = randomUUID();
    granted.set(code, searchParams);
    const back = new URL(searchParams.get("redirect_uri")!);
    back.searchParams.set("code", code);
    back.searchParams.set("state", searchParams.get("state")!);
    response.writeHead(302, { location: back.href }).end();
  };
  const token = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await body(request));
    const answer = { access_token: randomUUID(), token_type: "Bearer", expires_in: 600 };
    const give = (claims: object) => json(response, { ...answer, id_token: idToken(claims) });
    const isClient = ([id, secret]: string[]) => id === client.id && secret === client.secret;
    const isKept = form.get("refresh_token") === issuer.refreshToken;
    if (isKept && isClient(credentials(request, form))) {
      return give({ sub: issuer.person.email, email_verified: true, ...issuer.person });
    }
    const asked = granted.get(form.get("code") ?? "");
    granted.delete(form.get("code") ?? "");
    const verifier = form.get("code_verifier") ?? "";
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const holds =
      asked?.get("client_id") === client.id &&
      asked.get("code_challenge_method") === "S256" &&
      asked.get("code_challenge") === challenge &&
      asked.get("redirect_uri") === form.get("redirect_uri") &&
      isClient(credentials(request, form));
    if (!holds) return void json(response, { error: "invalid_grant" }, 400);
    const { person } = issuer;
    const nonce = asked.get("nonce");
    give({ sub: person.email, email_verified: true, ...person, nonce });
  };

  const server = createServer(tls, (request, response) => {
    const url = new URL(request.url!, issuer.url);
    if (url.pathname === "/.well-known/openid-configuration") json(response, discovery(issuer.url));
    else if (url.pathname === "/keys") {
      json(response, {
        keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256" }],
      });
    } else if (url.pathname === "/authorize") authorize(url, response);
    else if (url.pathname === "/token") void token(request, response);
    else json(response, {}, 404);
  });
  const { port, close } = await listening(server);
  const issuer: FakeIssuer = {
    url: `https://localhost:${port}`,
    person: { email: "nobody@example.org" },
    refreshToken: randomUUID(),
    idToken,
    close,
  };
  return issuer;
}

const discovery = (url: string) => ({
  issuer: url,
  authorization_endpoint: `${url}/authorize`,
  token_endpoint: `${url}/token`,
  jwks_uri: `${url}/keys`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  code_challenge_methods_supported: ["S256"],
});

/** A client says who it is in a header or in the form. */
function credentials(request: IncomingMessage, form: URLSearchParams): string[] {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (basic === undefined) return [form.get("client_id") ?? "", form.get("client_secret") ?? ""];
  const parts = Buffer.from(basic, "base64").toString().split(":");
  return parts.map((part) => decodeURIComponent(part.replaceAll("+", " ")));
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function json(response: ServerResponse, value: object, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
