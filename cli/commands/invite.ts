import { renameSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import type { PersonRole } from "../../components/index.ts";
import { UserError } from "../../local/support/errors.ts";
import type { Options } from "../commandLine.ts";
import { addToSettings, colleagueEnv, passwordOf, peopleOf } from "../invitation.ts";
import { openPlatform, reachTracking } from "../runningPlatform.ts";
import { readSettings, stackFile } from "../stackSettings.ts";

export interface InviteOptions extends Options {
  readonly role?: PersonRole;
  readonly output?: string;
  readonly resetPassword?: boolean;
}

/** Puts a person into the stack's settings, or gives out what a person who is there needs. */
export async function invite(options: InviteOptions, [name]: string[]): Promise<number> {
  if (name === undefined) throw new UserError("name the person: `npm run invite alice`");
  const settings = readSettings(options);
  const people = peopleOf(settings);
  const role = options.role ?? people[name] ?? "writer";
  if (people[name] === role) return await giveLogin(name, options);
  addToSettings(settings, name, role);
  const { stack } = settings;
  const more = stack === "dev" ? "" : ` -- --stack ${stack}`;
  const file = basename(stackFile(stack));
  console.log(
    `${name} is a ${role} in ${file} now.\n\n` +
      `Next:\n  npm run up${more}\n  npm run invite ${name}${more}    for the .env that ${name} needs`,
  );
  return 0;
}

async function giveLogin(name: string, options: InviteOptions): Promise<number> {
  const platform = await openPlatform(options);
  const { outputs } = platform;
  const door = await reachTracking(platform);
  try {
    const password = await passwordOf(name, door.url, outputs, options.resetPassword);
    giveOut(colleagueEnv(outputs, name, password), options.output);
    return 0;
  } finally {
    await door.close();
  }
}

function giveOut(text: string, output: string | undefined): void {
  if (output === undefined) process.stdout.write(text);
  else {
    // a file that is there may be open to others, and would stay so
    writeFileSync(`${output}.tmp`, text, { mode: 0o600 });
    renameSync(`${output}.tmp`, output);
    console.log(
      `${output} has the URLs and the password; send it over a channel that no one else can read`,
    );
  }
  const near = /\/\/(localhost|127\.0\.0\.1|[^\s/]+\.svc\.cluster\.local)[:/\n]/.exec(text);
  if (near !== null) {
    console.error(
      `note: ${near[1]} answers on this machine or in the cluster only; docs/how-to/invite-a-colleague.md says how to let others in`,
    );
  }
}
