import type { ResourceRule } from "../rule.ts";
import { isValues, objectsAt, textsAt, textsIn } from "../values.ts";

/** Members that stand for all users, with or without an account. */
const everyone =
  /(?:^|:)(allUsers|allAuthenticatedUsers|system:(?:anonymous|unauthenticated|authenticated|serviceaccounts))$|^principalSet:\/\/goog\/public:all$/;
/** Roles over everything in a project or a cluster. */
const broad = /^(roles\/(owner|editor)|cluster-admin)$/;
const grants =
  /^gcp:.*(iam_?(member|binding|policy)|accesscontrol|acl|dataset(access)?):?\w*$|^kubernetes:rbac\./i;

export const openAccess: ResourceRule = {
  name: "open-access",
  description: "Roles are granted to named accounts: never to everyone, never on a whole project.",
  level: "mandatory",
  check({ type, values }) {
    if (!grants.test(type)) return [];
    const texts = [...textsIn(values)].flatMap(([path, text]) =>
      path.at(-1) === "policyData" ? [...policyTexts(text)] : [text],
    );
    const found = (pattern: RegExp) => [...new Set(texts.filter((text) => pattern.test(text)))];
    const isAdmin = objectsAt(values, "rules").some((rule) =>
      ["verbs", "resources"].every((key) => textsAt(rule, key).includes("*")),
    );
    return [
      ...found(everyone).map((who) => `grants roles to ${who}; name the accounts that need them`),
      ...found(broad).map((role) => `gives ${role}; give the roles that are needed`),
      ...(isAdmin ? ["allows every verb on every resource; name those that are needed"] : []),
    ];
  },
};

/** A policy of Google's is written as JSON. */
function* policyTexts(json: string): Generator<string> {
  try {
    const policy: unknown = JSON.parse(json);
    if (isValues(policy)) for (const [, text] of textsIn(policy)) yield text;
  } catch {
    yield json;
  }
}
