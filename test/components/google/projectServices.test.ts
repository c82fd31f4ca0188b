import { ProjectServices, type ProjectServicesArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: ProjectServicesArgs) => new ProjectServices(name, args);
const base: ProjectServicesArgs = {
  project: "wine-ml",
  services: ["sqladmin.googleapis.com", "storage.googleapis.com"],
};

test("enables each service, and leaves it enabled when the stack is destroyed", async () => {
  const { resources, find } = await record(() => make("apis", base));
  expect(tree(resources)).toEqual([
    "gcp:projects/service:Service apis-sqladmin < apis",
    "gcp:projects/service:Service apis-storage < apis",
    "mlops:index:ProjectServices apis",
  ]);
  expect(find("apis-sqladmin").inputs).toEqual({
    project: "wine-ml",
    service: "sqladmin.googleapis.com",
    disableOnDestroy: false,
  });
  expect(find("apis").outputs).toEqual({ services: base.services });
});

test("dependents of the component wait for every service", async () => {
  const { find } = await record(() => {
    const services = make("apis", base);
    new ProjectServices(
      "later",
      { ...base, services: ["dns.googleapis.com"] },
      {
        dependsOn: services,
      },
    );
  });
  expect(find("later").options.dependsOn).toEqual(["apis-sqladmin", "apis-storage"]);
});

describeArguments(make, "apis", base, {
  project: {
    value: "beer-ml",
    changes: [
      "apis-sqladmin project: wine-ml → beer-ml",
      "apis-storage project: wine-ml → beer-ml",
    ],
  },
  services: {
    value: ["sqladmin.googleapis.com"],
    changes: ["- apis-storage", "apis outputs.services[1]: storage.googleapis.com → ∅"],
  },
});

describeRefusals(make, "apis", base, [
  [{ project: "" }, 'ProjectServices "apis": project must be given'],
  [{ services: [] }, 'ProjectServices "apis": services must name one service at least'],
  [
    { services: ["sqladmin"] },
    'ProjectServices "apis": services[0] must be the name of a service such as sqladmin.googleapis.com',
  ],
  [
    { services: ["dns.googleapis.com", "dns.googleapis.com"] },
    'ProjectServices "apis": services must differ; take one dns.googleapis.com off',
  ],
]);

describePreview(make, "apis", base, (unknown) => ({ project: unknown }));
