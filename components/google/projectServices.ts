import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { refuse } from "../core/checks.ts";
import { checkedProject } from "./googleChecks.ts";

/** Arguments of ProjectServices. */
export interface ProjectServicesArgs {
  /** Id of the Google Cloud project. Changing it enables the services there; in the old project they stay on. */
  project: pulumi.Input<string>;
  /** Services to enable, such as `sqladmin.googleapis.com`. One that is taken off the list stays enabled. */
  services: string[];
}

/**
 * The Google services (APIs) that a project needs. Whatever uses one waits for the component with `dependsOn`. They
 * stay enabled when the component goes: something else in the project may need them.
 */
export class ProjectServices extends pulumi.ComponentResource {
  /** Services that are enabled, known once they all are. */
  public readonly services: pulumi.Output<string[]>;

  constructor(name: string, args: ProjectServicesArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `ProjectServices "${name}"`;
    const project = checkedProject(subject, args.project);
    checkServices(subject, args.services);
    super("mlops:index:ProjectServices", name, args, opts);

    const child = { parent: this };
    const enabled = args.services.map((service) => {
      const role = service.slice(0, service.indexOf("."));
      const settings = { project, service, disableOnDestroy: false };
      return new gcp.projects.Service(`${name}-${role}`, settings, child).service;
    });

    this.services = pulumi.all(enabled);
    this.registerOutputs({ services: this.services });
  }
}

function checkServices(subject: string, services: readonly string[]): void {
  refuse(subject, services.length === 0, "services must name one service at least");
  for (const [index, service] of services.entries()) {
    refuse(
      subject,
      !/^[a-z][a-z0-9-]*\.googleapis\.com$/.test(service),
      `services must be names such as sqladmin.googleapis.com, not "${service}"`,
    );
    const isTwice = services.indexOf(service) !== index;
    refuse(subject, isTwice, `services must differ; take one ${service} off`);
  }
}
