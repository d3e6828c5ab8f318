import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.LocalVariable;
import java.lang.classfile.instruction.LocalVariableType;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes jars anew in which nearly nothing is left to be linked at run time: switches over types, {@code equals} and
 * {@code hashCode} of records, and lambdas are each an {@code invokedynamic} that makes code when it is reached first.
 * Here they become methods and classes that do the same by plain instructions. {@code Prelink.java CLASSPATH JAR…}: the
 * class path is where their superclasses are.
 */
class Prelink {
  private static final int SYNTHETIC =
      ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC;
  private static final ClassDesc OBJECTS = ClassDesc.of("java.util.Objects");

  /** Without the names of local variables, which only a debugger asks for: an archive holds them all. */
  private static final CodeTransform NAMELESS =
      (code, element) -> {
        if (!(element instanceof LocalVariable) && !(element instanceof LocalVariableType)) {
          code.with(element);
        }
      };

  private final ClassFile classes;

  /** What was made for the class in hand, by the names of its entries. */
  private final Map<String, byte[]> made = new LinkedHashMap<>();

  private Prelink(ClassLoader loader) {
    classes =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(loader)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
  }

  public static void main(String[] arguments) throws IOException {
    List<URL> path = new ArrayList<>();
    for (String entry : arguments[0].split(":")) {
      path.add(Path.of(entry).toUri().toURL());
    }
    // Written when all are read: they may be on the class path themselves.
    Map<Path, byte[]> changed = new LinkedHashMap<>();
    try (URLClassLoader loader = new URLClassLoader(path.toArray(new URL[0]), null)) {
      Prelink prelink = new Prelink(loader);
      for (String jar : List.of(arguments).subList(1, arguments.length)) {
        changed.put(Path.of(jar), prelink.jar(Path.of(jar)));
      }
    }
    for (Map.Entry<Path, byte[]> jar : changed.entrySet()) {
      Files.write(jar.getKey(), jar.getValue());
    }
  }

  /** The same entries in the same order, with the same times. */
  private byte[] jar(Path path) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarFile jar = new JarFile(path.toFile());
        ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (JarEntry entry : jar.stream().toList()) {
        try (InputStream in = jar.getInputStream(entry)) {
          byte[] content = in.readAllBytes();
          boolean isClass =
              entry.getName().endsWith(".class") && !entry.getName().endsWith("-info.class");
          put(out, entry, entry.getName(), isClass ? type(content) : content);
        }
        for (Map.Entry<String, byte[]> lambda : made.entrySet()) {
          put(out, entry, lambda.getKey(), lambda.getValue());
        }
        made.clear();
      }
    } catch (UncheckedIOException wrapped) {
      throw wrapped.getCause();
    }
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream out, JarEntry like, String name, byte[] content)
      throws IOException {
    ZipEntry entry = new ZipEntry(name);
    if (like.getLastModifiedTime() != null) {
      entry.setTimeLocal(like.getTimeLocal());
    }
    out.putNextEntry(entry);
    out.write(content);
    out.closeEntry();
  }

  private byte[] type(byte[] content) {
    ClassModel model = classes.parse(content);
    List<InvokeDynamicInstruction> found =
        model.methods().stream()
            .flatMap(method -> method.code().stream())
            .flatMap(code -> code.elementStream())
            .filter(InvokeDynamicInstruction.class::isInstance)
            .map(InvokeDynamicInstruction.class::cast)
            .filter(Prelink::isOurs)
            .toList();
    ClassTransform transform = ClassTransform.transformingMethodBodies(NAMELESS);
    if (!found.isEmpty()) {
      transform = transform.andThen(new Rewrite(model).transform());
    }
    return verified(classes.transformClass(model, transform));
  }

  private byte[] verified(byte[] content) {
    List<VerifyError> wrong = classes.verify(content);
    if (!wrong.isEmpty()) {
      throw wrong.getFirst();
    }
    return content;
  }

  private static boolean isOurs(InvokeDynamicInstruction call) {
    DirectMethodHandleDesc bootstrap = call.bootstrapMethod();
    return switch (bootstrap.owner().displayName() + "." + bootstrap.methodName()) {
      // A label may be a constant, too: none of ours is.
      case "SwitchBootstraps.typeSwitch" -> call.bootstrapArgs().stream().allMatch(ClassDesc.class::isInstance);
      case "ObjectMethods.bootstrap" -> !call.name().equalsString("toString");
      case "LambdaMetafactory.metafactory" -> new Lambda(call).isPlain();
      default -> false;
    };
  }

  /** Puts calls in the place of what is linked, and the methods they call at the end. */
  private final class Rewrite {
    private final ClassDesc self;
    private final boolean isInterface;
    private final List<InvokeDynamicInstruction> calls = new ArrayList<>();

    Rewrite(ClassModel model) {
      self = model.thisClass().asSymbol();
      isInterface = model.flags().has(AccessFlag.INTERFACE);
    }

    ClassTransform transform() {
      CodeTransform inCode =
          (code, element) -> {
            if (element instanceof InvokeDynamicInstruction call && isOurs(call)) {
              if (isLambda(call)) {
                code.invokestatic(lambda(calls.size(), call), "make", call.typeSymbol(), false);
              } else {
                code.invokestatic(self, name(calls.size(), call), call.typeSymbol(), isInterface);
              }
              calls.add(call);
            } else {
              code.with(element);
            }
          };
      return ClassTransform.transformingMethodBodies(inCode)
          .andThen(ClassTransform.endHandler(this::addMethods));
    }

    private static String name(int number, InvokeDynamicInstruction call) {
      return call.name().stringValue() + "$" + number;
    }

    private void addMethods(ClassBuilder type) {
      for (int number = 0; number < calls.size(); number++) {
        InvokeDynamicInstruction call = calls.get(number);
        if (isLambda(call)) {
          Lambda lambda = new Lambda(call);
          // Not private, for its class is another one; in an interface it must be public then.
          type.withMethodBody(
              accessor(number),
              lambda.body.invocationType(),
              ClassFile.ACC_STATIC
                  | ClassFile.ACC_SYNTHETIC
                  | (isInterface ? ClassFile.ACC_PUBLIC : 0),
              lambda::callBody);
          continue;
        }
        type.withMethodBody(
            name(number, call),
            call.typeSymbol(),
            SYNTHETIC,
            code -> {
              switch (call.name().stringValue()) {
                case "typeSwitch" -> typeSwitch(code, call.bootstrapArgs());
                case "equals" -> equals(code, call);
                case "hashCode" -> hashCode(code, call);
                default -> throw new IllegalStateException(call.toString());
              }
            });
      }
    }

    private static String accessor(int number) {
      return "body$" + number;
    }

    private static boolean isLambda(InvokeDynamicInstruction call) {
      return call.bootstrapMethod().owner().displayName().equals("LambdaMetafactory");
    }

    /** Makes the class of a lambda, and returns its name. */
    private ClassDesc lambda(int number, InvokeDynamicInstruction call) {
      String descriptor = self.descriptorString();
      String name = descriptor.substring(1, descriptor.length() - 1) + "$Lambda" + number;
      ClassDesc type = ClassDesc.ofDescriptor("L" + name + ";");
      Lambda lambda = new Lambda(call);
      made.put(
          name + ".class",
          verified(
              classes.build(
                  type, built -> lambda.build(built, type, self, isInterface, accessor(number)))));
      return type;
    }

    /** (value, first): the number of the first label from there on that is the value's type; SwitchBootstraps. */
    private static void typeSwitch(CodeBuilder code, List<ConstantDesc> labels) {
      code.aload(0)
          .ifThen(Opcode.IFNULL, none -> none.loadConstant(-1).ireturn());
      for (int number = 0; number < labels.size(); number++) {
        ClassDesc label = (ClassDesc) labels.get(number);
        int found = number;
        code.iload(1)
            .loadConstant(number)
            .ifThen(
                Opcode.IF_ICMPLE,
                may ->
                    may.aload(0)
                        .instanceOf(label)
                        .ifThen(is -> is.loadConstant(found).ireturn()));
      }
      code.loadConstant(labels.size()).ireturn();
    }

    private static List<DirectMethodHandleDesc> fields(InvokeDynamicInstruction call) {
      // First the record, then the names of its components in one string, then how each is read.
      return call.bootstrapArgs().stream()
          .skip(2)
          .map(DirectMethodHandleDesc.class::cast)
          .toList();
    }

    private static ClassDesc typeOf(DirectMethodHandleDesc field) {
      return field.invocationType().returnType();
    }

    /** (record, other): as records compare; ObjectMethods. */
    private void equals(CodeBuilder code, InvokeDynamicInstruction call) {
      code.aload(0)
          .aload(1)
          .ifThen(Opcode.IF_ACMPEQ, same -> same.loadConstant(1).ireturn())
          .aload(1)
          .instanceOf(self)
          .ifThen(Opcode.IFEQ, no -> no.loadConstant(0).ireturn())
          .aload(1)
          .checkcast(self)
          .astore(2);
      for (DirectMethodHandleDesc field : fields(call)) {
        ClassDesc type = typeOf(field);
        code.aload(0).getfield(self, field.methodName(), type);
        code.aload(2).getfield(self, field.methodName(), type);
        TypeKind kind = TypeKind.from(type);
        switch (kind) {
          case REFERENCE ->
              code.invokestatic(
                      OBJECTS,
                      "equals",
                      MethodTypeDesc.of(
                          ConstantDescs.CD_boolean, ConstantDescs.CD_Object, ConstantDescs.CD_Object))
                  .ifThen(Opcode.IFEQ, no -> no.loadConstant(0).ireturn());
          case LONG ->
              code.lcmp().ifThen(Opcode.IFNE, no -> no.loadConstant(0).ireturn());
          case FLOAT, DOUBLE ->
              code.invokestatic(
                      boxOf(kind), "compare", MethodTypeDesc.of(ConstantDescs.CD_int, type, type))
                  .ifThen(Opcode.IFNE, no -> no.loadConstant(0).ireturn());
          case BOOLEAN, BYTE, SHORT, CHAR, INT ->
              code.ifThen(
                  Opcode.IF_ICMPNE, no -> no.loadConstant(0).ireturn());
          case VOID -> throw new IllegalStateException(field.toString());
        }
      }
      code.loadConstant(1).ireturn();
    }

    /** (record): 31 times that of the components before it, and so on; ObjectMethods. */
    private void hashCode(CodeBuilder code, InvokeDynamicInstruction call) {
      code.loadConstant(0).istore(1);
      for (DirectMethodHandleDesc field : fields(call)) {
        ClassDesc type = typeOf(field);
        TypeKind kind = TypeKind.from(type);
        code.iload(1).loadConstant(31).imul();
        code.aload(0).getfield(self, field.methodName(), type);
        if (kind == TypeKind.REFERENCE) {
          code.invokestatic(
              OBJECTS,
              "hashCode",
              MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_Object));
        } else {
          code.invokestatic(
              boxOf(kind), "hashCode", MethodTypeDesc.of(ConstantDescs.CD_int, type));
        }
        code.iadd().istore(1);
      }
      code.iload(1).ireturn();
    }

    static ClassDesc boxOf(TypeKind kind) {
      return switch (kind) {
        case BOOLEAN -> ConstantDescs.CD_Boolean;
        case BYTE -> ConstantDescs.CD_Byte;
        case SHORT -> ConstantDescs.CD_Short;
        case CHAR -> ConstantDescs.CD_Character;
        case INT -> ConstantDescs.CD_Integer;
        case LONG -> ConstantDescs.CD_Long;
        case FLOAT -> ConstantDescs.CD_Float;
        case DOUBLE -> ConstantDescs.CD_Double;
        case REFERENCE, VOID -> throw new IllegalStateException(kind.toString());
      };
    }
  }

  /** A lambda or a reference to a method, as LambdaMetafactory is told of it. */
  private static final class Lambda {
    final DirectMethodHandleDesc body;
    private final String name;
    private final ClassDesc implemented;
    private final List<ClassDesc> captured;

    /** As the interface's method is declared, and as it is used here. */
    private final MethodTypeDesc declared;

    private final MethodTypeDesc used;

    Lambda(InvokeDynamicInstruction call) {
      declared = (MethodTypeDesc) call.bootstrapArgs().get(0);
      body = (DirectMethodHandleDesc) call.bootstrapArgs().get(1);
      used = (MethodTypeDesc) call.bootstrapArgs().get(2);
      name = call.name().stringValue();
      implemented = call.typeSymbol().returnType();
      captured = call.typeSymbol().parameterList();
    }

    /** Whether every value is given on as it is, or by what Java has one instruction or call for. */
    boolean isPlain() {
      MethodTypeDesc wanted = body.invocationType();
      for (int i = 0; i < declared.parameterCount(); i++) {
        ClassDesc to = wanted.parameterType(captured.size() + i);
        if (!isPlain(declared.parameterType(i), used.parameterType(i), to)) {
          return false;
        }
      }
      for (int i = 0; i < captured.size(); i++) {
        if (captured.get(i).isPrimitive() && !captured.get(i).equals(wanted.parameterType(i))) {
          return false;
        }
      }
      ClassDesc from = wanted.returnType();
      ClassDesc to = declared.returnType();
      if (to.equals(ConstantDescs.CD_void)) {
        return true;
      }
      return !from.equals(ConstantDescs.CD_void)
          && (from.isPrimitive()
              ? to.equals(from) || (!to.isPrimitive() && used.returnType().equals(boxed(from)))
              : !to.isPrimitive() || from.equals(boxed(to)));
    }

    private static boolean isPlain(ClassDesc declared, ClassDesc used, ClassDesc to) {
      if (declared.isPrimitive()) {
        return to.equals(declared) || to.equals(boxed(declared));
      }
      return !to.isPrimitive() || used.equals(boxed(to));
    }

    /** In the class that has the lambda: calls its body with all it takes. */
    void callBody(CodeBuilder code) {
      MethodTypeDesc type = body.invocationType();
      boolean isNew = body.kind() == DirectMethodHandleDesc.Kind.CONSTRUCTOR;
      if (isNew) {
        code.new_(body.owner()).dup();
      }
      int slot = 0;
      for (ClassDesc parameter : type.parameterList()) {
        code.loadLocal(TypeKind.from(parameter), slot);
        slot += TypeKind.from(parameter).slotSize();
      }
      MethodTypeDesc called = MethodTypeDesc.ofDescriptor(body.lookupDescriptor());
      switch (body.kind()) {
        case STATIC, INTERFACE_STATIC ->
            code.invokestatic(body.owner(), body.methodName(), called, body.isOwnerInterface());
        case VIRTUAL -> code.invokevirtual(body.owner(), body.methodName(), called);
        case INTERFACE_VIRTUAL -> code.invokeinterface(body.owner(), body.methodName(), called);
        case SPECIAL, INTERFACE_SPECIAL ->
            code.invokespecial(body.owner(), body.methodName(), called, body.isOwnerInterface());
        case CONSTRUCTOR ->
            code.invokespecial(
                body.owner(), "<init>", called.changeReturnType(ConstantDescs.CD_void));
        case GETTER, SETTER, STATIC_GETTER, STATIC_SETTER ->
            throw new IllegalStateException(body.toString());
      }
      code.return_(TypeKind.from(type.returnType()));
    }

    void build(
        ClassBuilder built, ClassDesc type, ClassDesc host, boolean isInHostInterface, String accessor) {
      built
          .withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER | ClassFile.ACC_SYNTHETIC)
          .withInterfaceSymbols(implemented);
      for (int i = 0; i < captured.size(); i++) {
        built.withField("a" + i, captured.get(i), ClassFile.ACC_PRIVATE | ClassFile.ACC_FINAL);
      }
      MethodTypeDesc init = MethodTypeDesc.of(ConstantDescs.CD_void, captured);
      built.withMethodBody(
          "<init>",
          init,
          ClassFile.ACC_PRIVATE,
          code -> {
            code.aload(0)
                .invokespecial(ConstantDescs.CD_Object, "<init>", ConstantDescs.MTD_void);
            int slot = 1;
            for (int i = 0; i < captured.size(); i++) {
              TypeKind kind = TypeKind.from(captured.get(i));
              code.aload(0).loadLocal(kind, slot).putfield(type, "a" + i, captured.get(i));
              slot += kind.slotSize();
            }
            code.return_();
          });
      if (captured.isEmpty()) {
        // One for all, as the JVM does it.
        built.withField(
            "ONE", implemented, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
        built.withMethodBody(
            "<clinit>",
            ConstantDescs.MTD_void,
            ClassFile.ACC_STATIC,
            code ->
                code.new_(type)
                    .dup()
                    .invokespecial(type, "<init>", init)
                    .putstatic(type, "ONE", implemented)
                    .return_());
      }
      built.withMethodBody(
          "make",
          MethodTypeDesc.of(implemented, captured),
          ClassFile.ACC_STATIC,
          code -> {
            if (captured.isEmpty()) {
              code.getstatic(type, "ONE", implemented);
            } else {
              code.new_(type).dup();
              int slot = 0;
              for (ClassDesc each : captured) {
                code.loadLocal(TypeKind.from(each), slot);
                slot += TypeKind.from(each).slotSize();
              }
              code.invokespecial(type, "<init>", init);
            }
            code.areturn();
          });
      built.withMethodBody(
          name, declared, ClassFile.ACC_PUBLIC, code -> run(code, type, host, isInHostInterface, accessor));
    }

    private void run(
        CodeBuilder code, ClassDesc type, ClassDesc host, boolean isInHostInterface, String accessor) {
      MethodTypeDesc wanted = body.invocationType();
      for (int i = 0; i < captured.size(); i++) {
        code.aload(0).getfield(type, "a" + i, captured.get(i));
        cast(code, captured.get(i), wanted.parameterType(i));
      }
      int slot = 1;
      for (int i = 0; i < declared.parameterCount(); i++) {
        ClassDesc from = declared.parameterType(i);
        code.loadLocal(TypeKind.from(from), slot);
        slot += TypeKind.from(from).slotSize();
        convert(code, from, wanted.parameterType(captured.size() + i));
      }
      code.invokestatic(host, accessor, wanted, isInHostInterface);
      ClassDesc to = declared.returnType();
      if (!to.equals(ConstantDescs.CD_void)) {
        convert(code, wanted.returnType(), to);
      } else if (!wanted.returnType().equals(ConstantDescs.CD_void)) {
        if (TypeKind.from(wanted.returnType()).slotSize() == 2) {
          code.pop2();
        } else {
          code.pop();
        }
      }
      code.return_(TypeKind.from(to));
    }

    private static void convert(CodeBuilder code, ClassDesc from, ClassDesc to) {
      if (from.isPrimitive() && !to.isPrimitive()) {
        code.invokestatic(boxed(from), "valueOf", MethodTypeDesc.of(boxed(from), from));
      } else if (!from.isPrimitive() && to.isPrimitive()) {
        cast(code, from, boxed(to));
        code.invokevirtual(boxed(to), to.displayName() + "Value", MethodTypeDesc.of(to));
      } else {
        cast(code, from, to);
      }
    }

    private static void cast(CodeBuilder code, ClassDesc from, ClassDesc to) {
      if (!from.isPrimitive() && !from.equals(to) && !to.equals(ConstantDescs.CD_Object)) {
        code.checkcast(to);
      }
    }

    private static ClassDesc boxed(ClassDesc primitive) {
      return primitive.isPrimitive() && !primitive.equals(ConstantDescs.CD_void)
          ? Rewrite.boxOf(TypeKind.from(primitive))
          : primitive;
    }
  }
}
