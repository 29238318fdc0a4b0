package access

// Act is one thing that a role may permit. Which role permits which act, in
// which scope, is data (table role_act, filled from the pack).
type Act string

// The acts. Everyone may, without any act, report for oneself, see one's own
// record and cases, reply in one's own case and appeal.
const (
	SeeRegister     Act = "see_register"     // see organizations, posts and who holds them
	SeeContact      Act = "see_contact"      // see phone numbers
	ReportFor       Act = "report_for"       // type a report on another's word
	ConfirmActivity Act = "confirm_activity" // confirm or object to another's entry
	DraftList       Act = "draft_list"       // draft the inactivity list of a unit
	CheckList       Act = "check_list"       // confirm, excuse or dispute a line; return the list
	RecordTalk      Act = "record_talk"      // record that one spoke with a listed person
	IssueNotice     Act = "issue_notice"     // issue a notice
	RecordService   Act = "record_service"   // record proof that a notice was served
	Recommend       Act = "recommend"        // recommend in a case
	Decide          Act = "decide"           // decide a case
	HearAppeal      Act = "hear_appeal"      // decide an appeal
	RelieveNow      Act = "relieve_now"      // relieve at once, without notice
	Propose         Act = "propose"          // propose a person for a seat
	Approve         Act = "approve"          // approve a proposal: this issues the order
	RevokeOrder     Act = "revoke_order"     // revoke a mistaken order
	IssueDirective  Act = "issue_directive"  // send a directive down
	AnswerDirective Act = "answer_directive" // answer for one's organization, monthly report included
	RecordEnd       Act = "record_end"       // record a resignation, a death, an end of term
	RecordLeave     Act = "record_leave"     // record leave
	GiveSlip        Act = "give_slip"        // hand over an activation slip
	LoadData        Act = "load_data"        // enter who was found in a post; close a register round
	PublishCriteria Act = "publish_criteria" // publish a new version of the criteria
	EditLetters     Act = "edit_letters"     // letterhead and templates of letters
	Admin           Act = "admin"            // settings of the unit
)

// Acts lists every act, in the order of the pack's documentation.
var Acts = []Act{SeeRegister, SeeContact, ReportFor, ConfirmActivity, DraftList, CheckList, RecordTalk,
	IssueNotice, RecordService, Recommend, Decide, HearAppeal, RelieveNow, Propose, Approve, RevokeOrder,
	IssueDirective, AnswerDirective, RecordEnd, RecordLeave, GiveSlip, LoadData, PublishCriteria, EditLetters, Admin}

// Scope says how far from the post's organization an act reaches.
type Scope string

// The scopes.
const (
	ScopeArea  Scope = "area"  // every organization whose territory lies in this one's territory
	ScopeOrg   Scope = "org"   // the organization and those under it by parentage
	ScopeBelow Scope = "below" // every organization whose territory lies strictly inside this one's
	ScopeOwn   Scope = "own"   // the organization alone
)
