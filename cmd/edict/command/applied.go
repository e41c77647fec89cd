package command

import "fmt"

// isText tells that people read the results, who also want a heading.
func (a *application) isText() bool {
	return (a.format == "" || a.format == "table") && !a.policyReport && !a.generateExceptions
}

// show prints the results.
func (a *application) show() error {
	switch {
	case a.generateExceptions:
		return a.shown.GeneratedExceptions(a.stdout, a.exceptionTTL)
	case a.policyReport:
		return a.shown.OpenReport(a.stdout, a.format == "json")
	case a.table || a.format == "table":
		a.shown.Table(a.stdout)
	case a.format == "json" || a.format == "yaml":
		return a.shown.Data(a.stdout, a.format == "json")
	case a.format == "policyreport":
		return a.shown.PolicyReport(a.stdout)
	case a.format == "junit":
		return a.shown.JUnit(a.stdout)
	case a.format == "sarif":
		return a.shown.SARIF(a.stdout)
	default:
		a.shown.Text(a.stdout)
	}
	return nil
}

// verdict turns the results into the exit code.
func (a *application) verdict() error {
	summary := a.shown.Summary()
	judged := len(a.shown.Judgements) > 0
	if !judged && summary.Error == 0 {
		a.note("no rule matches any of the resources: nothing was judged")
	}
	switch {
	case summary.Fail > 0 || summary.Error > 0:
		return &exit{code: exitFailed}
	case !judged && a.strict:
		return &exit{code: exitFailed}
	case summary.Warn > 0 && a.warnExitCode != 0:
		a.remark(fmt.Sprintf("exit as warnExitCode is %d", a.warnExitCode))
		return &exit{code: a.warnExitCode}
	case a.warnNoPass && summary.Pass == 0:
		a.remark("exit as no objects satisfied policy")
		return &exit{code: a.warnExitCode}
	}
	return nil
}

// remark ends what people read; programs read nothing but results.
func (a *application) remark(text string) {
	if a.isText() {
		fmt.Fprintln(a.stdout, text)
		return
	}
	a.note(text)
}
