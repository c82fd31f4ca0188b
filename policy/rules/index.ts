import type { Rule } from "../rule.ts";
import { databaseAddress, publicAddressBeside } from "./databaseAddress.ts";
import { floatingImage } from "./floatingImage.ts";
import { hostAccess } from "./hostAccess.ts";
import { monthlyBudget } from "./monthlyBudget.ts";
import { openAddressRange } from "./openAddressRange.ts";
import { openDatabase } from "./openDatabase.ts";
import { plaintextSecret } from "./plaintextSecret.ts";
import { publicBucket } from "./publicBucket.ts";
import { requestsAndLimits } from "./requestsAndLimits.ts";
import { serviceAccountKey } from "./serviceAccountKey.ts";
import { unprotectedClaim, unprotectedData } from "./unprotectedData.ts";
import { wildcardHosts } from "./wildcardHosts.ts";

/** Every rule of the pack. */
export const rules: readonly Rule[] = [
  publicBucket,
  openDatabase,
  databaseAddress,
  publicAddressBeside,
  openAddressRange,
  unprotectedData,
  unprotectedClaim,
  plaintextSecret,
  wildcardHosts,
  hostAccess,
  floatingImage,
  requestsAndLimits,
  serviceAccountKey,
  monthlyBudget,
];
