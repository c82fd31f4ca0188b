/** Label of a namespace with the id of the state that made it. */
export const stateLabel = "mlops-platform/state";
/** Annotation of a namespace, and of every object in it, with the project and the stack that made it, `project/stack`. */
export const stackAnnotation = "mlops-platform/stack";
/** ConfigMap that has both in a namespace that the stack did not make. */
export const marksName = "mlops-platform";
/** Label of everything that belongs to a platform, of any stack. */
export const partOf = { "app.kubernetes.io/part-of": "mlops-platform" } as const;
/** The same as a label selector of the Kubernetes API. */
export const partOfSelector = Object.entries(partOf)
  .map(([key, value]) => `${key}=${value}`)
  .join(",");
