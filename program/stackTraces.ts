/*
 * Imported before anything else. Pulumi's Node host maps stack traces through source-map-support, which makes paths
 * such as `node_modules/@pulumi/output.ts`; printing an error with such a path keeps Node 22 busy for a minute and
 * more, so that every refused argument would look like a hang. Without the mapping it is printed at once, and the
 * whole program runs faster.
 */
delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
