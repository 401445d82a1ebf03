// Runs in the isolation: says what the TypeScript compiler thinks of each source that comes in.
// The library's declarations are parsed once, which is most of what a compilation costs.

const ts = require(process.argv[2]);
const settings = JSON.parse(process.argv[3]);
const path = require("path");

const library = path.dirname(process.argv[2]);
const given = ts.convertCompilerOptionsFromJson(settings.options, "/");
const options = { ...given.options, noEmit: true, types: [], skipLibCheck: true };
const kept = new Map();
const fixed = new Map([["/ambient.d.ts", settings.ambient]]);

function parsed(name, text) {
  return ts.createSourceFile(name, text, options.target, true);
}

function file(name, source) {
  if (name === "/snippet.ts") return parsed(name, source);
  if (!kept.has(name)) {
    const text = fixed.has(name) ? fixed.get(name) : ts.sys.readFile(name);
    kept.set(name, text === undefined ? undefined : parsed(name, text));
  }
  return kept.get(name);
}

serve((source) => {
  const host = {
    getSourceFile: (name) => file(name, source),
    getDefaultLibFileName: (chosen) => path.join(library, ts.getDefaultLibFileName(chosen)),
    getDefaultLibLocation: () => library,
    getCurrentDirectory: () => "/",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    writeFile: () => {},
    fileExists: (name) => name === "/snippet.ts" || fixed.has(name),
    readFile: () => undefined,
    directoryExists: () => false,
    getDirectories: () => [],
  };
  const program = ts.createProgram(["/ambient.d.ts", "/snippet.ts"], options, host);
  const main = program.getSourceFile("/snippet.ts");
  const found = [...program.getSyntacticDiagnostics(main), ...program.getSemanticDiagnostics(main)];
  return found.slice(0, 100).map((one) => {
    const severity = one.category === ts.DiagnosticCategory.Error ? "error" : "warning";
    const place = one.file ? one.file.getLineAndCharacterOfPosition(one.start).line + 1 : 0;
    const message = ts.flattenDiagnosticMessageText(one.messageText, " ");
    return line(severity, "TS" + one.code, place, message);
  });
});
