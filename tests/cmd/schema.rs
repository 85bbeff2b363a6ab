//! docs/json.md, as a schema: each heading that names a verb has one JSON block. In it a string
//! names types (`integer|null`) or, behind `=`, words (`=match|non_match`); a key that ends in `?`
//! may be missing; an array holds any number of its one element.

use std::path::Path;

use serde_json::Value;

/// Headings and their shapes.
fn shapes(root: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(root.join("docs/json.md")).unwrap();
    let sections = text.split("\n## ").skip(1);
    let shape = |section: &str| {
        let heading = section.lines().next().unwrap().trim_matches('`').to_owned();
        let block = section.split("```json\n").nth(1)?.split("```").next()?;
        let parsed = serde_json::from_str(block);
        Some((
            heading.clone(),
            parsed.unwrap_or_else(|e| panic!("{heading}: {e}")),
        ))
    };
    sections.filter_map(shape).collect()
}

pub fn headings(root: &Path) -> Vec<String> {
    shapes(root)
        .into_iter()
        .map(|(heading, _)| heading)
        .collect()
}

/// What does not fit of a verb's output.
pub fn differences(root: &Path, verb: &str, output: &str) -> Vec<String> {
    let Ok(value) = serde_json::from_str::<Value>(output) else {
        return vec![format!("no JSON: {output}")];
    };
    let failed =
        ["error", "unavailable", "denied"].contains(&value["outcome"].as_str().unwrap_or(""));
    let heading = if failed { "errors" } else { verb };
    match shapes(root).into_iter().find(|(name, _)| name == heading) {
        Some((_, shape)) => misfits("", &shape, &value),
        None => vec![format!("docs/json.md has no `{heading}`")],
    }
}

pub fn misfits(at: &str, shape: &Value, value: &Value) -> Vec<String> {
    match (shape, value) {
        (Value::Object(keys), Value::Object(fields)) => {
            let known = |key: &str| keys.get(key).or_else(|| keys.get(&format!("{key}?")));
            let missing = keys
                .keys()
                .filter(|key| !key.ends_with('?') && !fields.contains_key(*key))
                .map(|key| format!("{at}.{key} is missing"));
            let wrong = fields.iter().flat_map(|(key, field)| match known(key) {
                Some(shape) => misfits(&format!("{at}.{key}"), shape, field),
                None => vec![format!("{at}.{key} is in no schema")],
            });
            missing.chain(wrong).collect()
        }
        (Value::Array(element), Value::Array(values)) => values
            .iter()
            .flat_map(|value| misfits(&format!("{at}[]"), &element[0], value))
            .collect(),
        (Value::String(types), value) if fits(types, value) => Vec::new(),
        // An object or an array in the place of which null may stand is written as [shape, null].
        (Value::Array(element), value) if element.len() == 2 && element[1].is_null() => {
            if value.is_null() {
                Vec::new()
            } else {
                misfits(at, &element[0], value)
            }
        }
        _ => vec![format!("{at} is {value}, not {shape}")],
    }
}

fn fits(types: &str, value: &Value) -> bool {
    if let Some(words) = types.strip_prefix('=') {
        return value
            .as_str()
            .is_some_and(|v| words.split('|').any(|w| w == v));
    }
    types.split('|').any(|name| match name {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "any" => true,
        other => panic!("{other} is no type"),
    })
}
