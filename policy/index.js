// JavaScript, because the host of policies compiles a TypeScript entry in its own way, which refuses this project's
// imports with `.ts`. What is imported from here runs by Node's own type stripping.
import "./pack.ts";
