import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.event.ruler.Machine;

/**
 * Matches events with rules, both as one JSON value per line, on one thread.
 * Arguments: the file of rules, the file of events, seconds to warm up, seconds to measure.
 * Prints: rules matched in one pass over the events, milliseconds to compile, events per second.
 */
public final class Peer {
  public static void main(String[] arguments) throws Exception {
    List<String> rules = Files.readAllLines(Path.of(arguments[0]));
    String[] events = Files.readAllLines(Path.of(arguments[1])).toArray(new String[0]);

    long compileStart = System.nanoTime();
    Machine machine = new Machine();
    for (int rule = 0; rule < rules.size(); rule += 1) {
      machine.addRule("rule-" + rule, rules.get(rule));
    }
    double compileMs = (System.nanoTime() - compileStart) / 1e6;

    long matched = pass(machine, events);
    run(machine, events, Double.parseDouble(arguments[2]));
    double rate = run(machine, events, Double.parseDouble(arguments[3]));
    System.out.printf(java.util.Locale.ROOT, "%d %.1f %.0f%n", matched, compileMs, rate);
  }

  private static long pass(Machine machine, String[] events) throws Exception {
    long matched = 0;
    for (String event : events) {
      matched += machine.rulesForJSONEvent(event).size();
    }
    return matched;
  }

  private static double run(Machine machine, String[] events, double seconds) throws Exception {
    long start = System.nanoTime();
    long passes = 0;
    while (System.nanoTime() - start < seconds * 1e9) {
      pass(machine, events);
      passes += 1;
    }
    return passes * events.length / ((System.nanoTime() - start) / 1e9);
  }
}
