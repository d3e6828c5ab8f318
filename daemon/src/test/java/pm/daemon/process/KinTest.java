package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pm.config.StopScope;
import pm.daemon.posix.ErrnoException;

class KinTest {
  private static final int SELF = 10;
  private static final int MAIN = 100;

  private final List<ProcessStat> processes = new ArrayList<>();
  private final Map<Integer, Set<String>> proofs = new HashMap<>();
  private Set<Integer> members = Set.of();

  private void process(int pid, int parent, int session) {
    process(pid, parent, session, session, 500, 'S');
  }

  private void process(int pid, int parent, int group, int session, long startTicks, char state) {
    processes.add(new ProcessStat(pid, state, parent, group, session, 0, startTicks, 1, 0, 1, 0));
  }

  private List<Integer> find(Kin kin, StopScope scope, Integer... otherMains) {
    ProcessTable table =
        new ProcessTable(processes, process -> proofs.getOrDefault(process.pid(), Set.of()));
    try {
      return kin.in(table, scope, SELF, Set.of(otherMains), members).stream()
          .map(ProcessStat::pid)
          .toList();
    } catch (ErrnoException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static Kin ours() {
    return new Kin("id", MAIN, true, 0, true, Map.of());
  }

  private static Kin adopted(boolean isMainHeld, long endTicks) {
    return new Kin("id", MAIN, isMainHeld, endTicks, false, Map.of());
  }

  @Test
  void givenATree_whenItIsLookedFor_thenSessionParentageAndProofsTell() {
    process(MAIN, SELF, MAIN);
    process(101, MAIN, MAIN);
    process(102, 101, 102);
    process(103, 102, 102);
    process(104, SELF, MAIN);
    process(105, SELF, 105);
    proofs.put(105, Set.of("id"));
    process(106, 105, 106);
    process(107, SELF, 107);
    process(108, SELF, 108);
    proofs.put(108, Set.of("other"));

    assertThat(find(ours(), StopScope.TREE))
        .containsExactlyInAnyOrder(MAIN, 101, 102, 103, 104, 105, 106);
    assertThat(find(ours(), StopScope.PROCESS)).containsExactly(MAIN);
  }

  @Test
  void givenGroups_whenTheScopeIsTheGroup_thenOthersOfTheSessionStay() {
    process(MAIN, SELF, MAIN);
    process(101, MAIN, MAIN);
    process(102, MAIN, 102, MAIN, 500, 'S');

    assertThat(find(ours(), StopScope.GROUP)).containsExactly(MAIN, 101);
  }

  @Test
  void givenOurselvesInsideTheTree_whenItIsLookedFor_thenNeitherWeNorOursBelong() {
    process(MAIN, 1, MAIN);
    process(SELF, MAIN, MAIN);
    proofs.put(SELF, Set.of("id"));
    process(200, SELF, 200);
    process(1, 0, 1);
    proofs.put(1, Set.of("id"));

    assertThat(find(adopted(true, 0), StopScope.TREE, 200)).containsExactly(MAIN);
  }

  @Test
  void givenTheMainProcessOfAnother_whenItShowsUs_thenItIsStillNotOurs() {
    process(MAIN, SELF, MAIN);
    process(300, SELF, 300);
    proofs.put(300, Set.of("id"));

    assertThat(find(ours(), StopScope.TREE, 300)).containsExactly(MAIN);
  }

  @Test
  void givenTheDead_whenLookedFor_thenTheyAreNoLongerSought() {
    process(MAIN, SELF, MAIN, MAIN, 500, 'Z');
    process(101, SELF, MAIN, MAIN, 500, 'Z');
    process(102, SELF, MAIN);

    assertThat(find(ours(), StopScope.TREE)).containsExactly(102);
  }

  @Test
  void givenASessionWhoseLeaderIsGone_whenNothingProvesIt_thenItIsAStrangers() {
    process(101, 1, MAIN);
    process(102, 1, MAIN);

    assertThat(find(adopted(false, 0), StopScope.TREE)).isEmpty();
    assertThat(find(adopted(false, 500), StopScope.TREE)).isEmpty();
    assertThat(find(adopted(false, 0), StopScope.GROUP)).isEmpty();
  }

  @Test
  void givenASessionWhoseLeaderIsGone_whenOneInItProvesIt_thenAllOfItIsOurs() {
    process(101, 1, MAIN);
    process(102, 1, MAIN);
    proofs.put(102, Set.of("id"));

    assertThat(find(adopted(false, 0), StopScope.TREE)).containsExactlyInAnyOrder(101, 102);
  }

  @Test
  void givenASessionWhoseLeaderIsGone_whenOneBeganBeforeItsEnd_thenAllOfItIsOurs() {
    process(101, 1, MAIN, MAIN, 499, 'S');
    process(102, 1, MAIN, MAIN, 900, 'S');

    assertThat(find(adopted(false, 500), StopScope.TREE)).containsExactlyInAnyOrder(101, 102);
  }

  @Test
  void givenAStrangerWithThePid_whenLookedFor_thenItsSessionIsItsOwn() {
    process(MAIN, 1, MAIN);
    process(101, MAIN, MAIN, MAIN, 1, 'S');
    proofs.put(102, Set.of("id"));
    process(102, 1, 102);

    assertThat(find(adopted(false, 500), StopScope.TREE)).containsExactly(102);
  }

  @Test
  void givenWhatIsKnownFromBefore_whenLookedFor_thenItBelongsUnlessItsPidIsAnothers() {
    process(MAIN, SELF, MAIN);
    process(101, SELF, 101);
    process(102, SELF, 102);
    Kin kin = new Kin("id", MAIN, true, 0, true, Map.of(101, 500L, 102, 499L));

    assertThat(find(kin, StopScope.TREE)).containsExactly(MAIN, 101);
  }

  @Test
  void givenAControlGroup_whenItIsLookedFor_thenAllInItBelongsToIt() {
    process(MAIN, SELF, MAIN);
    process(101, 1, 101);
    process(102, 101, 102);
    process(103, 1, 103);
    process(200, SELF, 200);
    members = Set.of(MAIN, 101, 103, 200);

    assertThat(find(ours(), StopScope.TREE, 200)).containsExactlyInAnyOrder(MAIN, 101, 102, 103);
    assertThat(find(ours(), StopScope.PROCESS)).containsExactly(MAIN);
  }

  @Test
  void givenAnotherMainProcess_whenItIsLookedFor_thenItIsFoundBesideItsLeader() {
    process(MAIN, SELF, MAIN);
    process(101, MAIN, 101);
    process(102, 101, 102);
    Kin kin = new Kin("id", MAIN, true, 0, true, Map.of(101, 500L));

    assertThat(find(kin, StopScope.TREE, 101)).containsExactlyInAnyOrder(MAIN, 101, 102);
  }
}
