import type * as pulumi from "@pulumi/pulumi";

/** Every output of a component, to be registered: all that its class declares. */
export const outputsOf = (component: pulumi.ComponentResource): pulumi.Inputs =>
  Object.fromEntries(
    Object.entries(component).filter(([name]) => name !== "urn" && !name.startsWith("__")),
  );
