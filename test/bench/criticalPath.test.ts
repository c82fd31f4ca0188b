import { criticalPath, readyAfter } from "../../bench/criticalPath.ts";

const durations = [
  { of: "Deployment slow", seconds: 10, source: "run" },
  { of: "Deployment waiting", seconds: 2, source: "run", waitsFor: "^slow$" },
  { of: "^kubernetes:", seconds: 1, source: "run" },
];
const node = (name: string, ...after: string[]) => ({
  urn: name,
  type: "kubernetes:apps/v1:Deployment",
  name,
  after,
});
const names = (...resources: ReturnType<typeof node>[]) =>
  criticalPath(resources, durations).map(({ name, end }) => `${name} ${end}`);

test("the path follows the longest duration, not the largest number of steps", () => {
  const quick = [node("a"), node("b", "a"), node("c", "b")];
  expect(names(...quick, node("slow"), node("end", "c", "slow"))).toEqual(["slow 10", "end 11"]);
});

test("a chain of quick steps can take longest", () => {
  const chain = Array.from({ length: 12 }, (_, at) => node(`${at}`, `${at - 1}`));
  expect(names(...chain, node("slow")).at(-1)).toBe("11 12");
});

test("what a pod waits for at its start counts, although the graph does not show it", () => {
  expect(names(node("waiting"), node("slow"))).toEqual(["slow 10", "waiting 12"]);
});

test("a resource outside the plan already exists", () => {
  expect(names(node("a", "elsewhere"))).toEqual(["a 1"]);
});

test("an empty plan takes no time", () => {
  expect(names()).toEqual([]);
});

test("a resource without a duration is named", () => {
  const vm = { ...node("vm"), type: "aws:ec2/instance:Instance" };
  expect(() => criticalPath([vm], durations)).toThrow(
    "no duration is known of aws:ec2/instance:Instance vm",
  );
});

describe("a part that is started by hand is ready", () => {
  const part = { what: "it", source: "chart", probe: [10, 30] as [number, number] };

  test.each<[string, number[], number]>([
    ["at the first look, though it answered before", [3], 10],
    ["at the first look, exactly", [10], 10],
    ["at the next look", [11], 40],
    ["after what runs before it", [5, 3], 15],
  ])("%s", (_, starts, expected) => {
    expect(readyAfter({ ...part, starts })).toBe(expected);
  });

  test("at once without a probe", () => {
    expect(readyAfter({ what: "it", source: "run", starts: [5, 3] })).toBe(8);
  });
});
