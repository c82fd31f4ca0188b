/** An error as Google's APIs answer it. */
export class GoogleError extends Error {
  public readonly code: number;
  public readonly reason: string;
  public readonly status: string;

  constructor(code: number, reason: string, message: string, status = statusOf(code)) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.status = status;
  }

  toBody() {
    const { code, message, reason, status } = this;
    const details = [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" },
    ];
    const errors = [{ message, domain: "global", reason }];
    return { error: { code, message, status, errors, details } };
  }
}

const statuses: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ALREADY_EXISTS",
  412: "FAILED_PRECONDITION",
  501: "UNIMPLEMENTED",
};

function statusOf(code: number): string {
  return statuses[code] ?? "UNKNOWN";
}

export const notFound = (what: string) =>
  new GoogleError(404, "notFound", `The resource '${what}' was not found`);

export const alreadyExists = (what: string) =>
  new GoogleError(409, "alreadyExists", `The resource '${what}' already exists`);

export const invalid = (message: string) => new GoogleError(400, "invalid", message);

export const forbidden = (message: string) => new GoogleError(403, "forbidden", message);

export const inUse = (what: string, by: string) =>
  new GoogleError(
    400,
    "resourceInUseByAnotherResource",
    `The ${what} resource is already being used by '${by}'`,
  );
