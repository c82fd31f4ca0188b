import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { checkProjectServices, type ProjectServicesArgs } from "./arguments.ts";

/**
 * The Google services (APIs) that a project needs. Resources that use one wait for this component with `dependsOn`.
 * Deleting the component leaves them enabled: something else in the project may need them.
 */
export class ProjectServices extends pulumi.ComponentResource {
  /** Enabled services, known once all of them are enabled. */
  public readonly services: pulumi.Output<string[]>;

  constructor(name: string, args: ProjectServicesArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`ProjectServices "${name}"`, args, checkProjectServices);
    super("mlops:index:ProjectServices", name, args, opts);

    const child = { parent: this };
    const { project } = args;
    const enabled = args.services.map((service) => {
      const role = service.slice(0, service.indexOf("."));
      const settings = { project, service, disableOnDestroy: false };
      return new gcp.projects.Service(`${name}-${role}`, settings, child).service;
    });

    this.services = pulumi.all(enabled);
    this.registerOutputs(outputsOf(this));
  }
}
