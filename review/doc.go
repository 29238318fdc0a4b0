// Package review finds who has not done what their post expects, and sees that
// what follows is fair and written.
//
// A [Review] is a district-level body's list for a window of months, drafted by
// published, versioned [Criteria]: each duty of each holder in each month, what was
// expected and what stands in the ledger. A month in which the holder's body sent
// no report at all, or in which the holder was on recorded leave or not in the
// post, expects nothing: a silent body accuses nobody. Its silence is told of the
// body, as the missed duty of whoever owed the report.
//
// The district checks each [Line]: confirmed, excused with a reason, or the data
// disputed. When it returns the list, a [Case] opens for each confirmed line and
// goes step by step: somebody outside the unit speaks with the person; a numbered
// notice; proof of service, from which the time to reply runs; the reply; a
// recommendation; a decision with reasons by the competent authority; one appeal.
// No step is skipped; the competent authority may relieve at once, which stands in
// the register for ever as without notice and is open to appeal. Nobody acts in
// their own case, nobody decides what they recommended or judges an appeal against
// their own decision, and the machine decides nothing.
//
// Who may: draft_list, check_list, record_talk, issue_notice, record_service,
// recommend, decide, relieve_now and hear_appeal on the person's organization; the
// person concerned reads their own line and case, replies and appeals.
package review
