import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.event.ruler.Machine;

/**
 * Matches events with rules, both as one JSON value per line, on one thread.
 * Arguments: the file of rules, the file of events, seconds to warm up, seconds to measure.
 * Prints: rules matched in one pass over the events, milliseconds to compile, and events per second: read from the text, which
 * skips what no rule asks for; parsed to a tree and then matched; and of trees that were parsed before. The seconds are CPU time
 * of the thread, which other work on the machine changes less; the rate is that of the best of five parts.
 */
public final class Peer {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  public static void main(String[] arguments) throws Exception {
    List<String> rules = Files.readAllLines(Path.of(arguments[0]));
    String[] events = Files.readAllLines(Path.of(arguments[1])).toArray(new String[0]);

    long compileStart = THREADS.getCurrentThreadCpuTime();
    Machine machine = new Machine();
    for (int rule = 0; rule < rules.size(); rule += 1) {
      machine.addRule("rule-" + rule, rules.get(rule));
    }
    double compileMs = (THREADS.getCurrentThreadCpuTime() - compileStart) / 1e6;

    JsonNode[] parsed = new JsonNode[events.length];
    ObjectMapper mapper = new ObjectMapper();
    for (int event = 0; event < events.length; event += 1) parsed[event] = mapper.readTree(events[event]);

    long matched = pass(machine, events);
    double warmUp = Double.parseDouble(arguments[2]);
    double seconds = Double.parseDouble(arguments[3]);
    Matching fromText = event -> machine.rulesForJSONEvent(events[event]).size();
    Matching fromJson = event -> machine.rulesForJSONEvent(mapper.readTree(events[event])).size();
    Matching fromTree = event -> machine.rulesForJSONEvent(parsed[event]).size();
    double textRate = best(fromText, events.length, warmUp, seconds);
    double jsonRate = best(fromJson, events.length, warmUp, seconds);
    double treeRate = best(fromTree, events.length, warmUp, seconds);
    System.out.printf(java.util.Locale.ROOT, "%d %.1f %.0f %.0f %.0f%n", matched, compileMs, textRate, jsonRate, treeRate);
  }

  private interface Matching {
    int of(int event) throws Exception;
  }

  private static long pass(Machine machine, String[] events) throws Exception {
    long matched = 0;
    for (String event : events) {
      matched += machine.rulesForJSONEvent(event).size();
    }
    return matched;
  }

  private static double best(Matching matching, int events, double warmUp, double seconds) throws Exception {
    run(matching, events, warmUp);
    double best = 0;
    for (int part = 0; part < 5; part += 1) best = Math.max(best, run(matching, events, seconds / 5));
    return best;
  }

  private static double run(Matching matching, int events, double seconds) throws Exception {
    long start = THREADS.getCurrentThreadCpuTime();
    long spent = 0;
    long matched = 0;
    while (spent < seconds * 1e9) {
      // Part of a pass: with many rules a whole one may take seconds.
      for (int event = 0; event < 100; event += 1) {
        matching.of((int) (matched % events));
        matched += 1;
      }
      spent = THREADS.getCurrentThreadCpuTime() - start;
    }
    return matched / (spent / 1e9);
  }
}
