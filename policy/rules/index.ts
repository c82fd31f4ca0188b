import type { Rule } from "../rule.ts";
import { databaseAddress, publicAddressBeside } from "./databaseAddress.ts";
import { floatingImage } from "./floatingImage.ts";
import { hostAccess } from "./hostAccess.ts";
import { monthlyBudget } from "./monthlyBudget.ts";
import { openAddressRange } from "./openAddressRange.ts";
import { openDatabase } from "./openDatabase.ts";
import { openAccess } from "./openAccess.ts";
import { openGrafana } from "./openGrafana.ts";
import { openNetwork } from "./openNetwork.ts";
import { openService } from "./openService.ts";
import { plaintextSecret } from "./plaintextSecret.ts";
import { publicBucket } from "./publicBucket.ts";
import { requestsAndLimits } from "./requestsAndLimits.ts";
import { restrictedPods } from "./restrictedPods.ts";
import { serviceAccountKey } from "./serviceAccountKey.ts";
import { unprotectedClaim, unprotectedData } from "./unprotectedData.ts";
import { wildcardHosts } from "./wildcardHosts.ts";

export const rules: readonly Rule[] = [
  publicBucket,
  openDatabase,
  databaseAddress,
  publicAddressBeside,
  openAddressRange,
  openNetwork,
  openService,
  openAccess,
  openGrafana,
  unprotectedData,
  unprotectedClaim,
  plaintextSecret,
  wildcardHosts,
  restrictedPods,
  hostAccess,
  floatingImage,
  requestsAndLimits,
  serviceAccountKey,
  monthlyBudget,
];
