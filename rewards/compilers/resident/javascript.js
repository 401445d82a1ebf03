// Runs in the isolation: says what V8's parser thinks of each source that comes in, and runs none.

const vm = require("vm");

const MODULE = /^\s*(?:import\b(?!\s*\()|export\b)/m;
const PARAMETERS = ["exports", "require", "module", "__filename", "__dirname"];

function parse(source) {
  if (MODULE.test(source)) new vm.SourceTextModule(source, { identifier: "snippet.js" });
  else vm.compileFunction(source, PARAMETERS, { filename: "snippet.js" });
}

serve((source) => {
  try {
    parse(source);
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const place = /^snippet\.js:(\d+)/.exec(error.stack);
    return [line("error", error.name, place ? place[1] : 0, error.message)];
  }
});
