import { withoutVersionWarnings } from "../../cli/providerVersions.ts";

// What the CLI printed for a preview with older providers on PATH, but for most of its resources.
const printed = `Previewing update (gke):
@ previewing update.........
    pulumi:pulumi:Stack mlops-platform-gke  warning: using pulumi-resource-gcp from $PATH at /opt/pulumi/pulumi-resource-gcp
    pulumi:pulumi:Stack mlops-platform-gke  \u001b[33mwarning: \u001b[0musing pulumi-resource-random from $PATH at /opt/pulumi/pulumi-resource-random

 +  pulumi:pulumi:Stack mlops-platform-gke create warning: resource plugin gcp is expected to have version >=9.37.0, but has 9.31.0; the wrong version may be on your path, or this may be a bug in the plugin
 +  pulumi:providers:gcp google create
 +  pulumi:pulumi:Stack mlops-platform-gke create 3 warnings
Diagnostics:
  pulumi:pulumi:Stack (mlops-platform-gke):
    warning: using pulumi-resource-gcp from $PATH at /opt/pulumi/pulumi-resource-gcp
    warning: resource plugin gcp is expected to have version >=9.37.0, but has 9.31.0; the wrong version may be on your path, or this may be a bug in the plugin
    warning: resource plugin random is expected to have version >=4.21.2, but has 4.21.0; the wrong version may be on your path, or this may be a bug in the plugin

Outputs:
    mlflowUrl: "http://localhost"
`;

function filtered(text: string, size = text.length): [string, string | undefined] {
  let shown = "";
  const output = withoutVersionWarnings((part) => void (shown += part));
  for (let at = 0; at < text.length; at += size) output.write(text.slice(at, at + size));
  return [shown, output.end()];
}

test.each([1, 7, 4096])(
  "versions of providers are printed once, in pieces of %i characters",
  (size) => {
    const [shown, said] = filtered(printed, size);
    expect(shown).toBe(`Previewing update (gke):
@ previewing update.........

 +  pulumi:providers:gcp google create
 +  pulumi:pulumi:Stack mlops-platform-gke create 3 warnings
Outputs:
    mlflowUrl: "http://localhost"
`);
    expect(said).toBe(
      "Providers on PATH have other versions than this program's: gcp 9.31.0 (9.37.0 is expected), random 4.21.0 (4.21.2 is expected). Remove them from PATH, and the CLI downloads its own.",
    );
  },
);

test("other diagnostics stay, with the lines above them", () => {
  const text = printed.replace(
    "    warning: using pulumi-resource-gcp",
    "    warning: mind the gap\n$&",
  );
  expect(filtered(text)[0]).toContain(
    "Diagnostics:\n  pulumi:pulumi:Stack (mlops-platform-gke):\n    warning: mind the gap\n\nOutputs:",
  );
});

test("progress is shown while its line grows, and matching providers are not mentioned", () => {
  let shown = "";
  const output = withoutVersionWarnings((part) => void (shown += part));
  output.write("@ updating.");
  expect(shown).toBe("@ updating.");
  output.write("..\ndone");
  expect(shown).toBe("@ updating...\n");
  expect(output.end()).toBeUndefined();
  expect(shown).toBe("@ updating...\ndone");
});
