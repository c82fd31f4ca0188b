import type { MlopsPlatformArgs, PlatformExposure } from "../../../components/index.ts";
import { describePreview, describeRefusals } from "../../support/cases.ts";
import { makePlatform, platformArgs } from "../../support/fixtures.ts";

const exposure: PlatformExposure = {
  domain: "ml.example.com",
  addressName: "address",
  certificateMapName: "map",
  sslPolicyName: "tls",
};
const login = {
  issuerUrl: "https://login.example.com:8443/realms/team",
  clientId: "client",
  clientSecret: "MARKER-client-secret",
  emailDomain: "example.com",
};

const domainRule =
  "must be a domain such as mlops.example.com: lower-case letters, digits, dashes and dots, at most 64 characters, without scheme, port, path or wildcard";

describeRefusals(makePlatform, "ml", platformArgs, [
  ...["*.example.com", "https://ml.example.com", "ML.example.com", "localhost"].map(
    (domain): [Partial<MlopsPlatformArgs>, string] => [
      { exposure: { ...exposure, domain } },
      `MlopsPlatform "ml": exposure.domain ${domainRule}`,
    ],
  ),
  [
    { exposure: { ...exposure, domain: `${"d".repeat(50)}.example` } },
    `MlopsPlatform "ml": exposure.domain must leave room for the longest host below it; use one of at most 56 characters`,
  ],
  [
    { exposure: { ...exposure, login: { ...login, emailDomain: "*" } } },
    `MlopsPlatform "ml": exposure.login.emailDomain must not be *, which admits every account of the provider; name the domain of your users' addresses`,
  ],
  [
    { exposure: { ...exposure, login: { ...login, issuerUrl: "http://login.example.com" } } },
    `MlopsPlatform "ml": exposure.login.issuerUrl must be an https: URL such as https://accounts.google.com, without a query`,
  ],
  [
    { exposure, tracking: { nodePort: 30001 } },
    'MlopsPlatform "ml": tracking.nodePort and exposure exclude each other: a port on the nodes goes round the login and speaks plain HTTP; leave one of them out',
  ],
]);

const guarded: MlopsPlatformArgs = {
  ...platformArgs,
  monitoring: { enabled: false },
  exposure: { ...exposure, login },
};

describePreview(makePlatform, "ml", guarded, (unknown) => ({
  exposure: {
    domain: exposure.domain,
    addressName: unknown,
    certificateMapName: unknown,
    sslPolicyName: unknown,
    login: { ...login, clientId: unknown, clientSecret: unknown },
  },
}));
