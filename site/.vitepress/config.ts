import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type DefaultTheme, defineConfig, type MarkdownRenderer } from "vitepress";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

// The site is made of the Markdown files of the repository as they are; the folders and headings are its navigation.

const root = join(import.meta.dirname, "..", "..");
const modules = join(import.meta.dirname, "..", "node_modules");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
};

const headingOf = (path: string) =>
  /^# (.*)$/m.exec(readFileSync(join(root, path), "utf8"))?.[1]?.replaceAll("`", "") ?? path;

const entry = (path: string): DefaultTheme.SidebarItem => ({
  text: headingOf(path),
  link: `/${path.replace(/(README)?\.md$/, "")}`,
});

/** The pages of a folder, by their headings; a folder's own page comes first. */
function section(text: string, folder: string): DefaultTheme.SidebarItem {
  const pages = readdirSync(join(root, folder)).filter((file) => file.endsWith(".md"));
  const items = pages.map((file) => entry(`${folder}/${file}`));
  const [own, others] = [items.filter(isOwn), items.filter((item) => !isOwn(item))];
  const byText = (a: DefaultTheme.SidebarItem, b: DefaultTheme.SidebarItem) =>
    a.text!.localeCompare(b.text!);
  return { text, collapsed: true, items: [...own, ...others.sort(byText)] };
}
const isOwn = ({ link }: DefaultTheme.SidebarItem) => link!.endsWith("/");

/** Turns links to what is not a page, such as folders of sources, into plain text: the site has pages only. */
function unlinkSources(blocks: Token[], { path }: { path: string }) {
  for (const { children } of blocks) {
    const isSource = (href: string) => {
      const target = join(dirname(path), href.replace(/#.*/, ""));
      return !/^(\w+:|#|\/)/.test(href) && !target.endsWith(".md") && existsSync(target);
    };
    let hidden = 0;
    for (const token of children ?? []) {
      if (token.type === "link_open" && isSource(decodeURI(token.attrGet("href")!))) hidden = 1;
      if (hidden && token.type.startsWith("link_")) {
        hidden = Number(token.type === "link_open");
        Object.assign(token, { type: "text", tag: "", nesting: 0, content: "" });
      }
    }
  }
}

export default defineConfig({
  title: "MLOps platform",
  description: "MLflow, model serving, a prediction page and monitoring with Pulumi",
  head: [["link", { rel: "icon", href: "data:," }]],
  srcDir: root,
  srcExclude: [
    "**/node_modules/**",
    "components/bin/**",
    ".*/**",
    "test/**",
    "test-results/**",
    "site/**",
  ],
  rewrites: (path) =>
    path.replace(/^docs\/index\.md$/, "docs/overview.md").replace(/README\.md$/, "index.md"),
  cleanUrls: true,
  lastUpdated: false,
  vite: {
    // pages outside this folder import it too
    resolve: {
      alias: [
        { find: /^vue$/, replacement: join(modules, "vue/dist/vue.runtime.esm-bundler.js") },
        {
          find: /^vue\/server-renderer$/,
          replacement: join(modules, "vue/server-renderer/index.mjs"),
        },
      ],
    },
    build: { chunkSizeWarningLimit: 2000 }, // kB: the search index
  },
  markdown: {
    languages: ["sql"],
    languageAlias: { promql: "sql" },
    config: (md) => md.core.ruler.push("sources", ({ tokens, env }) => unlinkSources(tokens, env)),
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Overview", link: "/docs/overview" },
      { text: "Settings", link: "/docs/reference/settings" },
      { text: "Components", link: "/docs/components/mlopsPlatform" },
      {
        text: `v${version}`,
        items: [
          { text: "Changelog", link: "/CHANGELOG" },
          { text: "Upgrade", link: "/docs/how-to/upgrade" },
        ],
      },
    ],
    sidebar: [
      {
        text: "Start",
        items: [
          "README.md",
          "docs/how-to/minikube.md",
          "docs/how-to/local-cluster.md",
          "docs/how-to/gke.md",
          "examples/README.md",
        ].map(entry),
      },
      section("How-to guides", "docs/how-to"),
      section("Components", "docs/components"),
      section("Reference", "docs/reference"),
      section("Explanation", "docs/explanation"),
      section("Runbooks", "docs/runbooks"),
      section("Decisions", "docs/decisions"),
      {
        text: "Project",
        collapsed: true,
        items: ["docs/troubleshooting.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(
          entry,
        ),
      },
    ],
  },
});
