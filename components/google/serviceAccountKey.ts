import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { checkServiceAccountKey, type ServiceAccountKeyArgs } from "./arguments.ts";
import { grant } from "./googleGrants.ts";

/**
 * A Google service account with a key, for a cluster outside Google Cloud such as Minikube. Anyone with the key has
 * the account's roles, from anywhere, until the key is deleted. On GKE, use WorkloadIdentity, which needs no key.
 */
export class ServiceAccountKey extends pulumi.ComponentResource {
  /** IAM member of the account, known once its roles are bound. New roles can take a few minutes to take effect. */
  public readonly member: pulumi.Output<string>;
  /** E-mail address of the account. */
  public readonly email: pulumi.Output<string>;
  /** Content of the JSON key file, a secret. */
  public readonly credentials: pulumi.Output<string>;

  constructor(name: string, args: ServiceAccountKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`ServiceAccountKey "${name}"`, args, checkServiceAccountKey);
    super("mlops:index:ServiceAccountKey", name, args, opts);

    const child = { parent: this };
    const { project, accountId } = args;
    const account = new gcp.serviceaccount.Account(
      `${name}-account`,
      {
        project,
        accountId,
        displayName: `${name} (MLOps platform)`,
        description: "Has a key in a Kubernetes Secret of a cluster outside Google Cloud",
      },
      child,
    );
    const key = new gcp.serviceaccount.Key(
      `${name}-key`,
      { serviceAccountId: account.name },
      child,
    );

    this.member = grant(name, account.member, args, child);
    this.email = account.email;
    this.credentials = pulumi.secret(key.privateKey.apply(decoded));
    this.registerOutputs(outputsOf(this));
  }
}

const decoded = (base64: string) => Buffer.from(base64, "base64").toString("utf8");
