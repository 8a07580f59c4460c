# SPDX-License-Identifier: Apache-2.0
#
# schema.jq - What of a document is not as a JSON schema says, one line each
#
# Usage: jq -r --slurpfile schema FILE -f schema.jq DOCUMENT
#
# Understands what docs/report.schema.json uses of JSON Schema, and says so when
# it meets something else.

def known: ["$schema", "title", "description", "type", "required", "properties", "additionalProperties", "items", "enum",
	"const", "minimum", "maximum", "$ref", "$defs"];

def kind: if type == "number" and . == floor then "integer" else type end;

def faults($s; $at):
	. as $v
	| if $s == false then "\($at): not in the schema"
	elif $s == true then empty
	elif $s["$ref"] then
		faults($schema[0] | getpath($s["$ref"] | ltrimstr("#/") | split("/")); $at)
	else
		(($s | keys) - known | .[] | "\($at): the schema uses '\(.)'"),
		(if ($s | has("const")) and $v != $s.const then "\($at): \($v) is not \($s.const)" else empty end),
		(if $s.enum and ($s.enum | all(. != $v)) then "\($at): \($v) is none of \($s.enum)" else empty end),
		(if $s.type and ([$s.type] | flatten | index($v | kind) | not)
			then "\($at): \($v | kind), not \($s.type)" else empty end),
		(if ($v | type) == "number" and (($s.minimum and $v < $s.minimum) or ($s.maximum and $v > $s.maximum))
			then "\($at): \($v) is out of range" else empty end),
		(if ($v | type) == "object" then
			(($s.required // []) - ($v | keys) | .[] | "\($at): no '\(.)'"),
			($v | to_entries[] | .key as $key | .value
				| faults(if $s.properties | has($key)? then $s.properties[$key]
					elif $s | has("additionalProperties") then $s.additionalProperties
					else true end; "\($at).\($key)"))
		else empty end),
		(if ($v | type) == "array" and $s.items then
			range($v | length) as $i | $v[$i] | faults($s.items; "\($at)[\($i)]")
		else empty end)
	end;

faults($schema[0]; "")
