/** An error that the user can fix: the message names the argument, the rule and the fix. Printed without a stack. */
export class UserError extends Error {
  override name = "UserError";
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
