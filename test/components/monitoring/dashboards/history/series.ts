export type Labels = Record<string, string>;
/** Value at a step; undefined while the series is not there. */
export type Shape = (step: number) => number | undefined;
export interface Made {
  name: string;
  labels: Labels;
  shape: Shape;
}

export const step = 15;
export const steps = 240;
/** The last moment, in seconds since 1970. The same every time, so that the same pictures come out. */
export const end = 1_767_268_800;

export const pod = (
  application: string,
  container: string,
  name = `${application}-7d9c5`,
): Labels => ({
  namespace: "mlops",
  pod: name,
  container,
  node: "node-1",
  application,
  instance: "10.0.0.7:9464",
  job: "mlops-pods",
});
export const kubelet: Labels = { node: "node-1", instance: "node-1", job: "kubernetes-nodes" };
export const cadvisor: Labels = { node: "node-1", instance: "node-1", job: "kubernetes-cadvisor" };
export const service = (name: string): Labels => ({
  namespace: "mlops",
  service: name,
  node: "node-1",
  instance: `10.0.0.9:${name.length}`,
  job: "annotated-services",
});

export const made = (name: string, labels: Labels, shape: Shape): Made => ({ name, labels, shape });
export const constant =
  (value: number): Shape =>
  () =>
    value;
/** A gauge that wanders around a value; `seed` keeps two of them apart. */
export const around =
  (value: number, width: number, seed = 0): Shape =>
  (at) =>
    value + width * (Math.sin(at / 23 + seed) * 0.6 + Math.sin(at / 5.3 + seed * 2) * 0.3);
/** A counter that grows by so much each second, now more and now less. */
export const growing =
  (perSecond: number, seed = 0): Shape =>
  (at) =>
    Math.max(0, perSecond * step * (at + 6 * Math.sin(at / 17 + seed)) + perSecond * 200);
export const between =
  (from: number, to: number, shape: Shape): Shape =>
  (at) =>
    at >= from && at < to ? shape(at) : undefined;

/** A histogram whose buckets get these shares of what is counted. */
export function histogram(
  name: string,
  labels: Labels,
  perSecond: number,
  shares: Record<string, number>,
): Made[] {
  let sum = 0;
  return Object.entries(shares).map(([le, share], index) => {
    sum += share;
    return made(`${name}_bucket`, { ...labels, le }, growing(perSecond * sum, index / 50));
  });
}

/** A counter that began at one step and stands still from another on. */
export const stopped =
  (shape: Shape, from: number, to: number): Shape =>
  (at) =>
    at < from ? undefined : shape(Math.min(at, to));

export const seconds = {
  "0.005": 0.1,
  "0.01": 0.4,
  "0.05": 0.4,
  "0.25": 0.08,
  "1.0": 0.02,
  "+Inf": 0,
};
