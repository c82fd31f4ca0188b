/** A mirror: a registry, optionally with a path. */
export const registryPattern = /^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)*$/;
export const registryRule = "be a registry and path such as example.org/mlops";

/** The reference with its registry replaced by the mirror, if there is one; unchanged if it is already on the mirror. */
export function mirrored(reference: string, mirror?: string): string {
  if (mirror === undefined || reference.startsWith(`${mirror}/`)) return reference;
  const [first = "", ...rest] = reference.split("/");
  // without a host the image is on Docker Hub, and without a path in its library
  if (rest.length === 0) return `${mirror}/library/${reference}`;
  return /[.:]|^localhost$/.test(first) ? `${mirror}/${rest.join("/")}` : `${mirror}/${reference}`;
}
