import type { ResourceRule } from "../rule.ts";
import { at, mayBe } from "../values.ts";

export const publicBucket: ResourceRule = {
  name: "public-bucket",
  description: "Buckets cannot be read from outside the project.",
  level: "mandatory",
  check({ type, values }) {
    const faults: string[] = [];
    if (type === "gcp:storage/bucket:Bucket") {
      if (!mayBe(at(values, "publicAccessPrevention"), "enforced")) {
        faults.push('may be made public; set publicAccessPrevention to "enforced"');
      }
      if (!mayBe(at(values, "uniformBucketLevelAccess"), true)) {
        faults.push("lets single objects be made public; set uniformBucketLevelAccess to true");
      }
    }
    if (/^gcp:storage\/.*Acl:/i.test(type)) {
      if (["publicRead", "publicReadWrite"].includes(String(at(values, "predefinedAcl")))) {
        faults.push("makes a bucket public; leave predefinedAcl out");
      }
    }
    return faults;
  },
};
