/** What a mirror is: a registry, with a path if need be. */
export const registryPattern = /^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)*$/;
export const registryRule = "be a registry and path such as example.org/mlops";

/** A reference behind the mirror that stands in for its registry, if there is one; the same where it is there already. */
export function mirrored(reference: string, mirror?: string): string {
  if (mirror === undefined || reference.startsWith(`${mirror}/`)) return reference;
  const [first = "", ...rest] = reference.split("/");
  // without a host the image is on Docker Hub, and without a path in its library
  if (rest.length === 0) return `${mirror}/library/${reference}`;
  return /[.:]|^localhost$/.test(first) ? `${mirror}/${rest.join("/")}` : `${mirror}/${reference}`;
}
