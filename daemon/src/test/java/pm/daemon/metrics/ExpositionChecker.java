package pm.daemon.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the exposition format of Prometheus more strictly than Prometheus: each family once, HELP
 * then TYPE then its samples, no sample twice, names as is the custom.
 */
final class ExpositionChecker {
  private static final Pattern HELP = Pattern.compile("# HELP ([a-z_]+) (.+)");
  private static final Pattern TYPE = Pattern.compile("# TYPE ([a-z_]+) (counter|gauge|histogram)");
  private static final Pattern SAMPLE =
      Pattern.compile(
          "([a-z_]+)(?:\\{((?:[a-z_]+=\"(?:[^\"\\\\\\n]|\\\\[\\\\n\"])*\",?)*)})? "
              + "(-?[0-9]+(?:\\.[0-9]+(?:E-?[0-9]+)?)?|\\+Inf|-Inf|NaN)");
  private static final Pattern LABEL =
      Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\\\n]|\\\\[\\\\n\"])*)\"");
  private static final List<String> FORBIDDEN_LABELS = List.of("pid", "instance", "job");
  private static final Pattern OTHER_UNITS =
      Pattern.compile(
          ".*_(milliseconds|ms|minutes|hours|kilobytes|kib|mib|megabytes|percent)(_.*)?");

  private final Map<String, String> types = new LinkedHashMap<>();
  private final Map<String, Double> samples = new LinkedHashMap<>();

  /** All samples by name and labels, as they are written. */
  Map<String, Double> samples() {
    return samples;
  }

  Map<String, String> types() {
    return types;
  }

  static ExpositionChecker check(String text) {
    ExpositionChecker checker = new ExpositionChecker();
    checker.read(text);
    return checker;
  }

  private void read(String text) {
    assertThat(text).endsWith("\n").doesNotContain("\r");
    String helped = "";
    String family = "";
    for (String line : text.lines().toList()) {
      Matcher help = HELP.matcher(line);
      Matcher type = TYPE.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (help.matches()) {
        helped = help.group(1);
        assertThat(help.group(2)).as(line).endsWith(".");
      } else if (type.matches()) {
        family = type.group(1);
        assertThat(family).as("HELP comes first").isEqualTo(helped);
        assertThat(types.put(family, type.group(2))).as(family + " twice").isNull();
        checkName(family, type.group(2));
      } else {
        assertThat(sample.matches()).as("no line of the format: " + line).isTrue();
        sample(family, sample);
      }
    }
    checkHistograms();
  }

  private static void checkName(String family, String type) {
    assertThat(family).matches("(pm|process)_[a-z_]+[a-z]");
    assertThat(family.endsWith("_total")).as(family).isEqualTo(type.equals("counter"));
    assertThat(family).doesNotMatch(OTHER_UNITS).doesNotEndWith("_count").doesNotEndWith("_sum");
  }

  private void sample(String family, Matcher sample) {
    String name = sample.group(1);
    String suffix = name.startsWith(family) ? name.substring(family.length()) : "other";
    boolean isHistogram = "histogram".equals(types.get(family));
    assertThat(isHistogram ? List.of("_bucket", "_sum", "_count") : List.of(""))
        .as(name + " belongs to " + family)
        .contains(suffix);
    Set<String> labels = new HashSet<>();
    Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
    while (label.find()) {
      assertThat(labels.add(label.group(1))).as("label twice").isTrue();
    }
    assertThat(labels).doesNotContainAnyElementsOf(FORBIDDEN_LABELS);
    assertThat(labels.contains("le")).isEqualTo(suffix.equals("_bucket"));
    String key = name + (sample.group(2) == null ? "" : "{" + sample.group(2) + "}");
    String value = sample.group(3).replace("Inf", "Infinity").replace("+", "");
    assertThat(samples.put(key, Double.parseDouble(value))).as(key + " twice").isNull();
    if ("counter".equals(types.get(family))) {
      assertThat(samples.get(key)).isNotNegative();
    }
  }

  /** Buckets grow, the last one is +Inf and as large as the count. */
  private void checkHistograms() {
    Map<String, List<Double>> buckets = new HashMap<>();
    samples.forEach(
        (key, value) -> {
          if (key.contains("_bucket{")) {
            buckets.computeIfAbsent(series(key), name -> new ArrayList<>()).add(value);
          }
        });
    buckets.forEach(
        (series, counts) -> {
          assertThat(counts).as(series).isSorted();
          String labels = series.substring(series.indexOf('{'));
          String name = series.substring(0, series.indexOf('{'));
          String plain = labels.equals("{}") ? "" : labels;
          assertThat(samples).containsEntry(name + "_count" + plain, counts.getLast());
          assertThat(samples).containsKey(name + "_sum" + plain);
          String separator = labels.equals("{}") ? "" : ",";
          assertThat(samples)
              .containsKey(
                  name
                      + "_bucket"
                      + labels.substring(0, labels.length() - 1)
                      + separator
                      + "le=\"+Inf\"}");
        });
  }

  private static String series(String bucket) {
    return bucket.replaceAll(",?le=\"[^\"]*\"", "").replace("_bucket{", "{");
  }
}
