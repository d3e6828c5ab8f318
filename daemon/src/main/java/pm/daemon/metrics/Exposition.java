package pm.daemon.metrics;

import java.math.BigDecimal;
import java.util.List;
import pm.daemon.core.model.PoolView;

/**
 * Text in the exposition format of Prometheus, version 0.0.4: families one after the other, each
 * with what it means and all its samples.
 */
final class Exposition {

  /** What a number means. */
  enum Type {
    /** Only grows, until the daemon starts anew. */
    COUNTER("counter"),
    /** As it is now. */
    GAUGE("gauge"),
    /** How often something was how large. */
    HISTOGRAM("histogram");

    private final String word;

    Type(String word) {
      this.word = word;
    }
  }

  private final StringBuilder text = new StringBuilder(8 * 1024);
  private String family = "";

  /** Begins a family. */
  Exposition family(String name, Type type, String help) {
    family = name;
    text.append("# HELP ").append(name).append(' ');
    escape(help, false);
    text.append("\n# TYPE ").append(name).append(' ').append(type.word).append('\n');
    return this;
  }

  /**
   * Adds a sample.
   *
   * @param labels names and values in turn
   */
  Exposition sample(double value, String... labels) {
    sample("", value, labels);
    return this;
  }

  /** As above. */
  Exposition sample(long value, String... labels) {
    sample("", (double) value, labels);
    return this;
  }

  /** Adds the samples of a histogram. */
  Exposition histogram(PoolView.Histogram histogram, String... labels) {
    String[] bounded = new String[labels.length + 2];
    System.arraycopy(labels, 0, bounded, 0, labels.length);
    bounded[labels.length] = "le";
    List<Long> counts = histogram.counts();
    long upTo = 0;
    for (int i = 0; i < counts.size(); i++) {
      upTo += counts.get(i);
      boolean isLast = i == histogram.bounds().size();
      bounded[labels.length + 1] = isLast ? "+Inf" : number(histogram.bounds().get(i));
      sample("_bucket", (double) upTo, bounded);
    }
    sample("_sum", histogram.sumSeconds(), labels);
    sample("_count", (double) upTo, labels);
    return this;
  }

  private void sample(String suffix, double value, String... labels) {
    text.append(family).append(suffix);
    for (int i = 0; i < labels.length; i += 2) {
      text.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
      escape(labels[i + 1], true);
      text.append('"');
    }
    if (labels.length > 0) {
      text.append('}');
    }
    text.append(' ').append(number(value)).append('\n');
  }

  private static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    return Double.isNaN(value)
        ? "NaN"
        : new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
  }

  private void escape(String raw, boolean isLabel) {
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      switch (c) {
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '"' -> text.append(isLabel ? "\\\"" : "\"");
        default -> text.append(c);
      }
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
