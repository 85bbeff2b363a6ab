//! Two texts that differ in one place, as a unified diff.

/// Lines shown before and after the change.
const CONTEXT: usize = 3;

/// The difference between two versions of `path`; empty where there is none. An `old` of `None` is
/// a file that is not there.
pub fn diff(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    if old == new {
        return String::new();
    }
    let lines = |text: Option<&str>| -> Vec<String> {
        let text = text.unwrap_or_default();
        text.split_inclusive('\n').map(str::to_owned).collect()
    };
    let (before, after) = (lines(old), lines(new));
    let same = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
        pairs.take_while(|(a, b)| a == b).count()
    };
    let head = same(&mut before.iter().zip(&after));
    let rest = before.len().min(after.len()) - head;
    let tail = same(&mut before.iter().rev().zip(after.iter().rev())).min(rest);
    let from = head.saturating_sub(CONTEXT);
    let until = |length: usize| (length - tail + CONTEXT).min(length);
    let (old_end, new_end) = (until(before.len()), until(after.len()));
    let name = |there: bool| if there { path } else { "/dev/null" };
    let mut out = format!(
        "--- {}\n+++ {}\n@@ -{} +{} @@\n",
        name(old.is_some()),
        name(new.is_some()),
        range(from, old_end),
        range(from, new_end)
    );
    let mut show = |mark: char, lines: &[String]| {
        for line in lines {
            out.push(mark);
            out += line;
            if !line.ends_with('\n') {
                out += "\n\\ No newline at end of file\n";
            }
        }
    };
    show(' ', &before[from..head]);
    show('-', &before[head..before.len() - tail]);
    show('+', &after[head..after.len() - tail]);
    show(' ', &after[after.len() - tail..new_end]);
    out
}

fn range(from: usize, end: usize) -> String {
    let first = if end > from { from + 1 } else { from };
    format!("{first},{}", end - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_can_be_applied() {
        let old = "1\n2\n3\n4\n5\n6\n";
        assert_eq!(
            diff("f", Some(old), Some("1\n2\n3\n4\nx\ny\n5\n6\n")),
            "--- f\n+++ f\n@@ -2,5 +2,7 @@\n 2\n 3\n 4\n+x\n+y\n 5\n 6\n"
        );
        assert_eq!(
            diff("f", None, Some("1\n")),
            "--- /dev/null\n+++ f\n@@ -0,0 +1,1 @@\n+1\n"
        );
        assert_eq!(
            diff("f", Some("1\n2"), Some("1\n3")),
            "--- f\n+++ f\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+3\n\\ No newline at end of file\n"
        );
        assert_eq!(diff("f", Some(old), Some(old)), "");
    }
}
