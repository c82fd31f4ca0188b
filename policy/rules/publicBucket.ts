import type { ResourceRule } from "../rule.ts";
import { at, mayBe, textsAt } from "../values.ts";

const everybody = ["allUsers", "allAuthenticatedUsers"];

export const publicBucket: ResourceRule = {
  name: "public-bucket",
  description: "Nobody outside of the project reads a bucket.",
  level: "mandatory",
  check({ type, values }) {
    const faults: string[] = [];
    if (type === "gcp:storage/bucket:Bucket") {
      if (!mayBe(at(values, "publicAccessPrevention"), "enforced")) {
        faults.push('may be opened to everybody; set publicAccessPrevention to "enforced"');
      }
      if (!mayBe(at(values, "uniformBucketLevelAccess"), true)) {
        faults.push(
          "lets single objects be opened to everybody; set uniformBucketLevelAccess to true",
        );
      }
    }
    if (/^gcp:storage\/.*(AccessControl|Acl|IAM)/i.test(type)) {
      const members = [
        at(values, "member"),
        at(values, "entity"),
        ...textsAt(values, "members"),
        ...textsAt(values, "roleEntities").map((pair) => pair.split(":").at(-1)),
      ];
      const open = everybody.filter((member) => members.includes(member));
      if (open.length > 0) faults.push(`opens a bucket to ${open.join(", ")}; name who needs it`);
      if (["publicRead", "publicReadWrite"].includes(String(at(values, "predefinedAcl")))) {
        faults.push("opens a bucket to everybody; leave predefinedAcl out");
      }
    }
    return faults;
  },
};
