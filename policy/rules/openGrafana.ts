import { openGrafanaSettings } from "../../components/monitoring/grafanaAccess.ts";
import { chartValues } from "../helm.ts";
import { containersOf } from "../podSpecs.ts";
import type { ResourceRule } from "../rule.ts";
import { at } from "../values.ts";

export const openGrafana: ResourceRule = {
  name: "open-grafana",
  description: "Grafana asks for a login: no anonymous access, sign-up, embedding or public page.",
  level: "mandatory",
  check(resource) {
    const { type, values } = resource;
    const settings = [
      chartValues(resource),
      type === "kubernetes:core/v1:ConfigMap" ? at(values, "data") : undefined,
      ...containersOf(resource).map((container) => at(container, "env")),
    ];
    return settings
      .flatMap(openGrafanaSettings)
      .map((path) => `${path} opens Grafana without its login; leave it out`);
  },
};
