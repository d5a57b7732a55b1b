# jq -rn --slurpfile schema answer.schema.json -f answer.jq ANSWERS...: what is wrong with each answer, a line a fault.
# First the shape, by the schema (the words of JSON Schema that our schema uses, no others); then what a schema cannot say.

def kind: type as $t | if $t == "boolean" or $t == "number" or $t == "string" or $t == "array" or $t == "object" then $t else "null" end;

def faults($root; $s; $at):
  . as $v
  | if $s["$ref"] then faults($root; $root["$defs"][$s["$ref"] | ltrimstr("#/$defs/")]; $at)
    else
      (if $s.type and ([$s.type] | flatten | index($v | kind)) == null then "\($at): is \($v | kind), expected \($s.type)" else empty end),
      (if $s | has("const") and .const != $v then "\($at): expected \($s.const)" else empty end),
      (if $s.enum and ($s.enum | index([$v])) == null then "\($at): \($v) is none of the words allowed" else empty end),
      (if $s.pattern and ($v | type) == "string" and ($v | test($s.pattern) | not) then "\($at): \"\($v)\" is not as \($s.pattern)" else empty end),
      (if ($v | type) == "number" then
        (if $s.minimum != null and $v < $s.minimum then "\($at): \($v) is less than \($s.minimum)" else empty end),
        (if $s.maximum != null and $v > $s.maximum then "\($at): \($v) is more than \($s.maximum)" else empty end)
      else empty end),
      (if ($v | type) == "array" then
        (if $s.minItems and ($v | length) < $s.minItems then "\($at): has \($v | length), expected at least \($s.minItems)" else empty end),
        (if $s.maxItems and ($v | length) > $s.maxItems then "\($at): has \($v | length), expected at most \($s.maxItems)" else empty end),
        (if $s.items then range($v | length) as $i | $v[$i] | faults($root; $s.items; "\($at)[\($i)]") else empty end)
      else empty end),
      (if ($v | type) == "object" then
        ($s.required // [] | .[] | select(. as $k | $v | has($k) | not) | "\($at).\(.): missing"),
        ($v | keys[] | . as $k
          | if ($s.properties // {})[$k] then $v[$k] | faults($root; $s.properties[$k]; "\($at).\($k)")
            elif $s.additionalProperties == false then "\($at).\($k): not in the schema" else empty end)
      else empty end)
    end;

def ranks: {"emergency": 3, "urgent": 2, "routine": 1, "self_care": 0};

def beyond:
  (.causes | map(.probability) | add | select(fabs > 1.0000005 or . < 0.9999995) | "causes: their probabilities add up to \(.)"),
  (.causes | map(.id) | select(length != (unique | length)) | "causes: one is there twice"),
  (.causes | map(.id) | select(index("other") == null) | "causes: no \"other\""),
  (.causes | map(.probability) | select(. != (sort | reverse)) | "causes: not likeliest first"),
  (.causes[] | select(.probability < .interval95[0] or .probability > .interval95[1]) | "\(.id): \(.probability) is outside \(.interval95)"),
  (.causes[] | .id as $id | .for[] | select(.weight_db <= 0) | "\($id): for \(.finding): \(.weight_db) dB"),
  (.causes[] | .id as $id | .against[] | select(.weight_db >= 0) | "\($id): against \(.finding): \(.weight_db) dB"),
  (.contributors | map(.share) | add // 0 | select(. > 1.000001) | "contributors: their shares add up to \(.)"),
  (.triage | ranks[.level] as $level | .because[] | select(ranks[.level] > $level) | "triage: below its reason \(.id)");

$schema[0] as $root
| inputs
| faults($root; $root; "answer"), beyond
| "\(input_filename): \(.)"
