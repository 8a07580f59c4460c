// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_template.c - What scripts put into --format
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/template/template.h"

static const char document[] =
	"{\"ID\":\"abc\",\"Names\":[\"one\",\"two\"],\"Size\":12,\"Ratio\":0.5,\"Running\":true,"
	"\"State\":{\"Status\":\"running\",\"Pid\":42,\"Health\":null},"
	"\"Labels\":{\"k\":\"v\",\"app.kind\":\"web\"},"
	"\"NetworkSettings\":{\"IPAddress\":\"10.87.0.2\",\"Ports\":{\"80/tcp\":"
	"[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}],\"9000/tcp\":null},"
	"\"Networks\":{\"bridge\":{\"IPAddress\":\"10.87.0.2\"}}},"
	"\"Env\":[\"PATH=/bin\",\"A=<b>&\"],\"Empty\":[],\"None\":{}}";

/* The text @source gives over the document, or "error: ..." */
static char *render(const char *source)
{
	autojson struct json *doc = json_parse(document, strlen(document), &(struct error){ 0 });
	autojson struct json *labels = json_clone(json_get(doc, "Labels"));
	autotemplate struct template *t = NULL;
	struct str out = { 0 };
	struct error err = { 0 };

	assert_non_null(doc);
	template_set_method(doc, "Label", json_clone(labels));
	t = template_parse(source, &err);
	if (!t || template_execute(t, doc, &out, &err) < 0) {
		str_done(&out);
		str_printf(&out, "error: %s", err.msg);
	}
	return str_take(&out);
}

static void expect(const char *source, const char *wanted)
{
	autofree char *got = render(source);

	assert_string_equal(got, wanted);
}

static void expect_error(const char *source, const char *part)
{
	autofree char *got = render(source);

	assert_true(str_starts(got, "error: "));
	assert_non_null(strstr(got, part));
}

static void fields_are_followed_through_maps(void **state)
{
	(void)state;
	expect("{{.State.Status}}", "running");
	expect("{{ .State.Pid }}/{{.Running}}/{{.Ratio}}", "42/true/0.5");
	expect("{{$.State.Status}}", "running");
	expect("plain", "plain");
	expect("", "");
}

static void unknown_field_is_an_error(void **state)
{
	(void)state;
	expect_error("{{.Nope}}", "unknown field '.Nope'");
	expect_error("{{.State.Nope.More}}", "unknown field '.Nope'");
	expect_error("{{.ID.X}}", "unknown field '.X'");
}

static void null_prints_as_no_value(void **state)
{
	(void)state;
	expect("{{.State.Health}}", "<no value>");
	expect("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none");
}

static void lists_and_maps_print_as_in_go(void **state)
{
	(void)state;
	expect("{{.Names}}", "[one two]");
	expect("{{.Labels}}", "map[app.kind:web k:v]");
}

static void json_prints_compact_json_without_html_escapes(void **state)
{
	(void)state;
	expect("{{json .Env}}", "[\"PATH=/bin\",\"A=<b>&\"]");
	expect("{{json .State.Health}}", "null");
	expect("{{.Names | json}}", "[\"one\",\"two\"]");
}

static void json_of_the_data_hides_methods(void **state)
{
	autofree char *text = render("{{json .}}");

	(void)state;
	assert_null(strstr(text, "Label()"));
	assert_non_null(strstr(text, "\"Labels\":"));
}

static void label_method_looks_up_a_label(void **state)
{
	(void)state;
	expect("{{.Label \"app.kind\"}}|{{.Label \"nope\"}}", "web|");
	expect_error("{{.ID \"x\"}}", "takes no arguments");
}

static void index_reaches_into_maps_and_lists(void **state)
{
	(void)state;
	expect("{{index .Labels \"app.kind\"}}", "web");
	expect("{{index .Labels \"nope\"}}", "");
	expect("{{index .None \"nope\"}}", "");
	expect("{{index .Names 1}}", "two");
	expect("{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "8080");
	expect("{{(index .NetworkSettings.Ports \"80/tcp\" 0).HostPort}}", "8080");
	expect_error("{{index .Names 2}}", "out of range");
	expect_error("{{index .Names -1}}", "out of range");
	expect_error("{{index .ID 0}}", "index");
}

static void range_walks_lists_and_maps(void **state)
{
	(void)state;
	expect("{{range .Names}}<{{.}}>{{end}}", "<one><two>");
	expect("{{range $i, $n := .Names}}{{$i}}={{$n}} {{end}}", "0=one 1=two ");
	expect("{{range $n := .Names}}{{$n}}{{end}}", "onetwo");
	expect("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "app.kind=web;k=v;");
	expect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "10.87.0.2");
	expect("{{range .Empty}}x{{else}}empty{{end}}", "empty");
	expect("{{range $p, $c := .NetworkSettings.Ports}}{{$p}}{{if $c}} {{(index $c 0).HostPort}}"
	       "{{end}},{{end}}",
	       "80/tcp 8080,9000/tcp,");
	expect_error("{{range .ID}}{{end}}", "range over");
}

static void if_chooses_a_branch(void **state)
{
	(void)state;
	expect("{{if .Running}}yes{{else}}no{{end}}", "yes");
	expect("{{if eq .ID \"x\"}}1{{else if eq .ID \"abc\"}}2{{else}}3{{end}}", "2");
	expect("{{if and .Running (gt .Size 3)}}big{{end}}", "big");
	expect("{{if or .Empty .None}}x{{else}}y{{end}}", "y");
	expect("{{if not .Empty}}none{{end}}", "none");
	expect("{{with .State}}{{.Pid}}{{end}}", "42");
	expect("{{with .Empty}}x{{else}}{{.ID}}{{end}}", "abc");
}

static void and_stops_at_the_first_false(void **state)
{
	(void)state;
	expect("{{if and .Empty (index .Empty 0)}}x{{else}}safe{{end}}", "safe");
	expect("{{or .Empty \"fallback\"}}", "fallback");
}

static void comparisons_work_on_like_values_only(void **state)
{
	(void)state;
	expect("{{eq .Size 12}} {{ne .Size 12}} {{lt 1 2.5}} {{ge \"b\" \"a\"}}",
	       "true false true true");
	expect("{{eq .ID \"x\" \"abc\"}}", "true");
	expect_error("{{eq .ID 1}}", "different kinds");
}

static void text_functions_do_what_docker_does(void **state)
{
	(void)state;
	expect("{{join .Names \",\"}}", "one,two");
	expect("{{upper .ID}}{{title \"a bc\"}}{{lower \"ABC\"}}", "ABCA Bcabc");
	expect("{{index (split \"a:b:c\" \":\") 2}}", "c");
	expect("{{slice \"abcdef\" 1 3}}{{slice \"abc\" 2}}{{slice \"abc\" 3}}", "bcc");
	expect("{{len .Names}} {{len .ID}}", "2 3");
	expect("{{println .ID .Size}}", "abc 12\n");
	expect("{{truncate .State.Status 3}}", "run");
	expect("{{.ID | upper | printf \"%s!\"}}", "ABC!");
}

static void printf_formats_and_pads(void **state)
{
	(void)state;
	expect("{{printf \"%-5s|%5s|%05d|%.2f|%q|%v|%%\" .ID .ID .Size .Ratio .ID .Names}}",
	       "abc  |  abc|00012|0.50|\"abc\"|[one two]|%");
	expect("{{printf \"%3s|%-3s|%.1s\" \"\303\251\" \"\303\251\" \"\303\251a\"}}",
	       "  \303\251|\303\251  |\303\251");
	expect_error("{{printf \"%d\" .ID}}", "does not fit");
	expect_error("{{printf \"%s\"}}", "more verbs");
	expect_error("{{printf \"%\" .ID}}", "does not fit");
}

static void variables_are_scoped_and_assignable(void **state)
{
	(void)state;
	expect("{{$x := .ID}}{{$x}}{{range .Names}}{{$x = .}}{{end}}{{$x}}", "abctwo");
	expect("{{$m := .State}}{{$m.Pid}}", "42");
	expect_error("{{$nope}}", "undefined variable '$nope'");
	expect_error("{{range .Names}}{{$y := .}}{{end}}{{$y}}", "undefined variable");
}

static void blanks_are_trimmed_at_dashes(void **state)
{
	(void)state;
	expect("a  {{- .ID -}}  b", "aabcb");
	expect("a {{/* a comment */}} b", "a  b");
	expect("a {{- /* a comment */ -}} b", "ab");
}

static void literal_backslash_t_and_n_are_expanded(void **state)
{
	(void)state;
	expect("{{.ID}}\\t{{.Size}}\\n", "abc\t12\n");
	expect("{{\"a\\tb\"}}{{`a\\tb`}}", "a\tba\\tb");
}

static void malformed_templates_are_refused(void **state)
{
	static const char *const bad[] = {
		"{{",	       "{{.ID",
		"{{if .ID}}",  "{{end}}",
		"{{else}}",    "{{if}}x{{end}}",
		"{{range}}",   "{{.ID | }}",
		"{{\"abc}}",   "{{(.ID}}",
		"{{.ID)}}",    "{{nofunc .ID}}",
		"{{upper}}",   "{{if .ID}}{{else}}{{else}}{{end}}",
		"{{.}.}}",     "{{1.2.3}}",
		"{{/* x }}",   "{{range $a, .X}}{{end}}",
		"{{\"\\z\"}}", "{{.ID upper}}",
		"{{and}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_error(bad[i], "");
}

static void nesting_is_bounded(void **state)
{
	autostr struct str deep = { 0 };

	(void)state;
	str_puts(&deep, "{{");
	for (int i = 0; i < 10000; i++)
		str_putc(&deep, '(');
	expect_error(deep.data, "nested too deeply");
	deep.len = 0;
	for (int i = 0; i < 1000; i++)
		str_puts(&deep, "{{if .ID}}");
	expect_error(deep.data, "nested too deeply");
}

static void header_row_shows_titles_whatever_the_functions(void **state)
{
	autojson struct json *titles = json_new_map();
	autotemplate struct template *t = NULL;
	autostr struct str out = { 0 };
	struct error err = { 0 };

	(void)state;
	json_set_text(titles, "ID", "CONTAINER ID");
	json_set_text(titles, "Names", "NAMES");
	t = template_parse("{{.ID}}\\t{{upper .Names}}\\t{{.Label \"app\"}}", &err);
	assert_non_null(t);
	assert_int_equal(template_execute_header(t, titles, &out, &err), 0);
	assert_string_equal(out.data, "CONTAINER ID\tNAMES\tapp");
}

static bool uses(const char *source, const char *field)
{
	autotemplate struct template *t = template_parse(source, &(struct error){ 0 });

	assert_non_null(t);
	return template_uses(t, field);
}

static void fields_that_are_looked_at_are_known_beforehand(void **state)
{
	(void)state;
	assert_true(uses("{{.Labels}}", "Labels"));
	assert_true(uses("{{.Label \"k\"}}", "Label"));
	assert_true(uses("{{if .ID}}{{else}}{{upper (join .Labels \",\")}}{{end}}", "Labels"));
	assert_true(uses("{{json .}}", "Labels"));
	assert_true(uses("{{$.Labels}}", "Labels"));
	assert_true(uses("{{range $x := .Names}}{{$.Labels}}{{end}}", "Labels"));
	assert_false(uses("{{.ID}} {{.State.Labels}} Labels", "Labels"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_followed_through_maps),
		cmocka_unit_test(unknown_field_is_an_error),
		cmocka_unit_test(null_prints_as_no_value),
		cmocka_unit_test(lists_and_maps_print_as_in_go),
		cmocka_unit_test(json_prints_compact_json_without_html_escapes),
		cmocka_unit_test(json_of_the_data_hides_methods),
		cmocka_unit_test(label_method_looks_up_a_label),
		cmocka_unit_test(index_reaches_into_maps_and_lists),
		cmocka_unit_test(range_walks_lists_and_maps),
		cmocka_unit_test(if_chooses_a_branch),
		cmocka_unit_test(and_stops_at_the_first_false),
		cmocka_unit_test(comparisons_work_on_like_values_only),
		cmocka_unit_test(text_functions_do_what_docker_does),
		cmocka_unit_test(printf_formats_and_pads),
		cmocka_unit_test(variables_are_scoped_and_assignable),
		cmocka_unit_test(blanks_are_trimmed_at_dashes),
		cmocka_unit_test(literal_backslash_t_and_n_are_expanded),
		cmocka_unit_test(malformed_templates_are_refused),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(fields_that_are_looked_at_are_known_beforehand),
		cmocka_unit_test(header_row_shows_titles_whatever_the_functions),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
