import { makeModelFolder, nextSteps } from "../newModel.ts";
import type { Command } from "../arguments.ts";

/** Makes the folder of a new model. */
export const newModel: Command = {
  options: {},
  positionals: true,
  positionalsHelp: "NAME",
  run(_, [name]) {
    makeModelFolder(name);
    console.log(nextSteps(name!));
    return Promise.resolve(0);
  },
};
