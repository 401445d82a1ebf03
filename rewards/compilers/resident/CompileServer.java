// Runs in the isolation: says what javac thinks of each source that comes in. Nothing of it is run:
// there is no annotation processing, no class path and no code generation. The file manager stays,
// which is what makes a second compilation fast; everything else is new for each.

import com.sun.source.util.JavacTask;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.NestingKind;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

public class CompileServer {
    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();
    private static final StandardJavaFileManager FILES =
            COMPILER.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8);

    /** A source that may declare a public class of any name. */
    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String text) {
            super(URI.create("string:///Snippet.java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        @Override
        public boolean isNameCompatible(String name, Kind kind) {
            return kind == Kind.SOURCE;
        }

        @Override
        public NestingKind getNestingKind() {
            return null;
        }

        @Override
        public Modifier getAccessLevel() {
            return null;
        }
    }

    public static void main(String[] arguments) throws Exception {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        FILES.setLocation(javax.tools.StandardLocation.CLASS_PATH, List.of());
        while (true) {
            byte[] source;
            try {
                source = new byte[in.readInt()];
                in.readFully(source);
            } catch (EOFException end) {
                return;
            }
            byte[] answer = answer(new String(source, StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8);
            out.writeInt(answer.length);
            out.write(answer);
            out.flush();
        }
    }

    private static String answer(String source) {
        try {
            return check(source);
        } catch (Throwable error) {  // also of the machine: what a snippet did to the compiler
            return "limit\t" + error.getClass().getSimpleName();
        }
    }

    private static String check(String source) throws Exception {
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        List<String> options = List.of("-proc:none", "-implicit:none", "-Xlint:all", "-Xmaxerrs", "100");
        JavacTask task = (JavacTask) COMPILER.getTask(
                null, FILES, found, options, null, List.of(new Source(source)));
        task.analyze();
        StringBuilder answer = new StringBuilder("done");
        for (Diagnostic<? extends JavaFileObject> one : found.getDiagnostics()) {
            String severity = switch (one.getKind()) {
                case ERROR -> "error";
                case WARNING, MANDATORY_WARNING -> "warning";
                default -> "";
            };
            if (!severity.isEmpty()) {
                String message = one.getMessage(Locale.ROOT).replaceAll("\\s+", " ");
                long line = Math.max(0, one.getLineNumber());
                answer.append("\n").append(severity).append("\t").append(one.getCode())
                        .append("\t").append(line).append("\t")
                        .append(message, 0, Math.min(message.length(), 500));
            }
        }
        return answer.toString();
    }
}
