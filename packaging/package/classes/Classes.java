import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * Prints what a class-data archive can hold of jars: their classes, and those that the JVM makes for their lambdas, in
 * the form of -XX:SharedClassListFile. They are the same for the same jars, unlike those that a run of the programs
 * meets. {@code Classes.java UNUSED JAR…}: the file UNUSED names classes to be left out, a line each.
 */
class Classes {

  public static void main(String[] arguments) throws IOException {
    Set<String> unused = new HashSet<>(Files.readAllLines(Path.of(arguments[0])));
    TreeSet<String> lines = new TreeSet<>();
    for (String name : List.of(arguments).subList(1, arguments.length)) {
      try (JarFile jar = new JarFile(name)) {
        for (JarEntry entry : jar.stream().filter(Classes::isClass).toList()) {
          ClassModel model = ClassFile.of().parse(jar.getInputStream(entry).readAllBytes());
          if (!unused.contains(model.thisClass().asInternalName())) {
            add(model, lines);
          }
        }
      }
    }
    lines.forEach(System.out::println);
  }

  private static boolean isClass(JarEntry entry) {
    return entry.getName().endsWith(".class") && !entry.getName().endsWith("-info.class");
  }

  private static void add(ClassModel model, TreeSet<String> lines) {
    String name = model.thisClass().asInternalName();
    lines.add(name);
    model.methods().stream()
        .flatMap(method -> method.code().stream())
        .forEach(
            code -> {
              for (CodeElement element : code) {
                if (element instanceof InvokeDynamicInstruction call && isLambda(call)) {
                  lines.add(lambda(name, call));
                }
              }
            });
  }

  private static boolean isLambda(InvokeDynamicInstruction call) {
    DirectMethodHandleDesc bootstrap = call.bootstrapMethod();
    return bootstrap.owner().displayName().equals("LambdaMetafactory")
        && bootstrap.methodName().equals("metafactory");
  }

  private static String lambda(String name, InvokeDynamicInstruction call) {
    MethodTypeDesc erased = (MethodTypeDesc) call.bootstrapArgs().get(0);
    DirectMethodHandleDesc body = (DirectMethodHandleDesc) call.bootstrapArgs().get(1);
    MethodTypeDesc actual = (MethodTypeDesc) call.bootstrapArgs().get(2);
    return String.join(
        " ",
        "@lambda-proxy",
        name,
        call.name().stringValue(),
        call.typeSymbol().descriptorString(),
        erased.descriptorString(),
        reference(body),
        internal(body.owner()),
        body.methodName(),
        body.lookupDescriptor(),
        actual.descriptorString());
  }

  private static String reference(DirectMethodHandleDesc body) {
    return switch (body.kind()) {
      case STATIC, INTERFACE_STATIC -> "REF_invokeStatic";
      case VIRTUAL -> "REF_invokeVirtual";
      case INTERFACE_VIRTUAL -> "REF_invokeInterface";
      case SPECIAL, INTERFACE_SPECIAL -> "REF_invokeSpecial";
      case CONSTRUCTOR -> "REF_newInvokeSpecial";
      case GETTER, SETTER, STATIC_GETTER, STATIC_SETTER -> throw new IllegalArgumentException(body.toString());
    };
  }

  private static String internal(ClassDesc owner) {
    String descriptor = owner.descriptorString();
    return descriptor.startsWith("L") ? descriptor.substring(1, descriptor.length() - 1) : descriptor;
  }
}
