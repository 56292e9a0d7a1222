
CREATE TABLE account (
  created_at DATETIME NOT NULL,
  disabled_at DATETIME,
  email VARCHAR(255) NOT NULL,
  id CHAR(32) NOT NULL,
  is_admin BOOLEAN NOT NULL,
  name VARCHAR(255) NOT NULL,
  password_hash VARCHAR(255),
  CONSTRAINT pk_account PRIMARY KEY (id),
  CONSTRAINT uq_account_email UNIQUE (email)
);

CREATE TABLE adjudicated_decision (
  adjudication_id CHAR(32) NOT NULL,
  decision_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_adjudicated_decision_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_adjudicated_decision_review_id_adjudication_id FOREIGN KEY(review_id, adjudication_id) REFERENCES adjudication (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_adjudicated_decision_review_id_decision_id FOREIGN KEY(review_id, decision_id) REFERENCES decision (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_adjudicated_decision_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_adjudicated_decision PRIMARY KEY (id),
  CONSTRAINT uq_adjudicated_decision_adjudication_id_decision_id UNIQUE (adjudication_id, decision_id)
);
CREATE INDEX ix_adjudicated_decision_decision_id ON adjudicated_decision (decision_id);
CREATE INDEX ix_adjudicated_decision_event ON adjudicated_decision (review_id, event_number);
CREATE TRIGGER adjudicated_decision_no_delete BEFORE DELETE ON adjudicated_decision BEGIN SELECT RAISE(ABORT, 'adjudicated_decision is append-only'); END;
CREATE TRIGGER adjudicated_decision_no_update BEFORE UPDATE ON adjudicated_decision BEGIN SELECT RAISE(ABORT, 'adjudicated_decision is append-only'); END;

CREATE TABLE adjudication (
  adjudicator_id CHAR(32) NOT NULL,
  decided_at DATETIME NOT NULL,
  event_number INTEGER NOT NULL,
  exclusion_reason VARCHAR(255),
  id CHAR(32) NOT NULL,
  note TEXT,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  round INTEGER NOT NULL,
  stage VARCHAR(32) NOT NULL,
  verdict VARCHAR(32) NOT NULL,
  CONSTRAINT ck_adjudication_reason_with_exclude_and_always_at_full_text CHECK ((exclusion_reason IS NULL OR verdict = 'exclude') AND (exclusion_reason IS NOT NULL OR stage <> 'full_text' OR verdict <> 'exclude')),
  CONSTRAINT ck_adjudication_resolved_one_way CHECK (verdict IN ('include', 'exclude')),
  CONSTRAINT ck_adjudication_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT ck_adjudication_verdict CHECK (verdict IN ('include', 'exclude', 'maybe', 'withdrawn')),
  CONSTRAINT fk_adjudication_adjudicator_id FOREIGN KEY(adjudicator_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_adjudication_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_adjudication_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_adjudication_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_adjudication PRIMARY KEY (id),
  CONSTRAINT uq_adjudication_review_id_id UNIQUE (review_id, id)
);
CREATE INDEX ix_adjudication_event ON adjudication (review_id, event_number);
CREATE INDEX ix_adjudication_record_id ON adjudication (record_id);
CREATE TRIGGER adjudication_no_delete BEFORE DELETE ON adjudication BEGIN SELECT RAISE(ABORT, 'adjudication is append-only'); END;
CREATE TRIGGER adjudication_no_update BEFORE UPDATE ON adjudication BEGIN SELECT RAISE(ABORT, 'adjudication is append-only'); END;

CREATE TABLE adjudication_withdrawal (
  adjudication_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_adjudication_withdrawal_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_adjudication_withdrawal_review_id_adjudication_id FOREIGN KEY(review_id, adjudication_id) REFERENCES adjudication (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_adjudication_withdrawal_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_adjudication_withdrawal PRIMARY KEY (id),
  CONSTRAINT uq_adjudication_withdrawal_adjudication_id UNIQUE (adjudication_id)
);
CREATE INDEX ix_adjudication_withdrawal_event ON adjudication_withdrawal (review_id, event_number);
CREATE TRIGGER adjudication_withdrawal_no_delete BEFORE DELETE ON adjudication_withdrawal BEGIN SELECT RAISE(ABORT, 'adjudication_withdrawal is append-only'); END;
CREATE TRIGGER adjudication_withdrawal_no_update BEFORE UPDATE ON adjudication_withdrawal BEGIN SELECT RAISE(ABORT, 'adjudication_withdrawal is append-only'); END;

CREATE TABLE agreed_code (
  agreed_at DATETIME NOT NULL,
  basis VARCHAR(32) NOT NULL,
  contract_id CHAR(32),
  details TEXT,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  item VARCHAR(255) NOT NULL,
  page VARCHAR(255),
  quote TEXT,
  report_id CHAR(32),
  review_id CHAR(32) NOT NULL,
  study_id CHAR(32),
  value JSON NOT NULL,
  CONSTRAINT ck_agreed_code_a_page_belongs_to_a_quote CHECK (page IS NULL OR quote IS NOT NULL),
  CONSTRAINT ck_agreed_code_agreedby CHECK (basis IN ('consensus', 'adjudication')),
  CONSTRAINT ck_agreed_code_of_something CHECK (study_id IS NOT NULL OR contract_id IS NOT NULL),
  CONSTRAINT fk_agreed_code_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_agreed_code_review_id_contract_id FOREIGN KEY(review_id, contract_id) REFERENCES contract (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_agreed_code_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_agreed_code_review_id_report_id FOREIGN KEY(review_id, report_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_agreed_code_review_id_study_id FOREIGN KEY(review_id, study_id) REFERENCES study (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_agreed_code PRIMARY KEY (id)
);
CREATE INDEX ix_agreed_code_event ON agreed_code (review_id, event_number);
CREATE INDEX ix_agreed_code_subject ON agreed_code (review_id, study_id, contract_id, item);
CREATE TRIGGER agreed_code_no_delete BEFORE DELETE ON agreed_code BEGIN SELECT RAISE(ABORT, 'agreed_code is append-only'); END;
CREATE TRIGGER agreed_code_no_update BEFORE UPDATE ON agreed_code BEGIN SELECT RAISE(ABORT, 'agreed_code is append-only'); END;

CREATE TABLE answered_request (
  account_id CHAR(32) NOT NULL,
  answer JSON NOT NULL,
  at DATETIME NOT NULL,
  id CHAR(32) NOT NULL,
  key VARCHAR(255) NOT NULL,
  request_sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT fk_answered_request_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_answered_request PRIMARY KEY (id),
  CONSTRAINT uq_answered_request_account_id_key UNIQUE (account_id, key)
);

CREATE TABLE api_token (
  account_id CHAR(32) NOT NULL,
  created_at DATETIME NOT NULL,
  expires_at DATETIME,
  id CHAR(32) NOT NULL,
  name VARCHAR(255) NOT NULL,
  revoked_at DATETIME,
  scopes JSON NOT NULL,
  token_sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT fk_api_token_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_api_token PRIMARY KEY (id),
  CONSTRAINT uq_api_token_token_sha256 UNIQUE (token_sha256)
);
CREATE INDEX ix_api_token_account_id ON api_token (account_id);

CREATE TABLE assignment (
  account_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  languages JSON NOT NULL,
  review_id CHAR(32) NOT NULL,
  searches JSON NOT NULL,
  workload INTEGER NOT NULL,
  CONSTRAINT ck_assignment_workload_in_range CHECK (workload BETWEEN 0 AND 100),
  CONSTRAINT fk_assignment_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_assignment PRIMARY KEY (id)
);
CREATE INDEX ix_assignment_event ON assignment (review_id, event_number);
CREATE TRIGGER assignment_no_delete BEFORE DELETE ON assignment BEGIN SELECT RAISE(ABORT, 'assignment is append-only'); END;
CREATE TRIGGER assignment_no_update BEFORE UPDATE ON assignment BEGIN SELECT RAISE(ABORT, 'assignment is append-only'); END;

CREATE TABLE calibration_end (
  calibration_set_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_calibration_end_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_calibration_end_review_id_calibration_set_id FOREIGN KEY(review_id, calibration_set_id) REFERENCES calibration_set (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_calibration_end_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_calibration_end PRIMARY KEY (id),
  CONSTRAINT uq_calibration_end_calibration_set_id UNIQUE (calibration_set_id)
);
CREATE INDEX ix_calibration_end_event ON calibration_end (review_id, event_number);
CREATE TRIGGER calibration_end_no_delete BEFORE DELETE ON calibration_end BEGIN SELECT RAISE(ABORT, 'calibration_end is append-only'); END;
CREATE TRIGGER calibration_end_no_update BEFORE UPDATE ON calibration_end BEGIN SELECT RAISE(ABORT, 'calibration_end is append-only'); END;

CREATE TABLE calibration_record (
  calibration_set_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  position INTEGER NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_calibration_record_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_calibration_record_review_id_calibration_set_id FOREIGN KEY(review_id, calibration_set_id) REFERENCES calibration_set (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_calibration_record_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_calibration_record_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_calibration_record PRIMARY KEY (id),
  CONSTRAINT uq_calibration_record_calibration_set_id_record_id UNIQUE (calibration_set_id, record_id)
);
CREATE INDEX ix_calibration_record_event ON calibration_record (review_id, event_number);
CREATE INDEX ix_calibration_record_of ON calibration_record (record_id);
CREATE TRIGGER calibration_record_no_delete BEFORE DELETE ON calibration_record BEGIN SELECT RAISE(ABORT, 'calibration_record is append-only'); END;
CREATE TRIGGER calibration_record_no_update BEFORE UPDATE ON calibration_record BEGIN SELECT RAISE(ABORT, 'calibration_record is append-only'); END;

CREATE TABLE calibration_set (
  decisions_needed INTEGER NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  is_random BOOLEAN NOT NULL,
  label VARCHAR(255) NOT NULL,
  review_id CHAR(32) NOT NULL,
  reviewers JSON NOT NULL,
  stage VARCHAR(32) NOT NULL,
  CONSTRAINT ck_calibration_set_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT ck_calibration_set_takes_two CHECK (decisions_needed > 1),
  CONSTRAINT fk_calibration_set_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_calibration_set_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_calibration_set PRIMARY KEY (id),
  CONSTRAINT uq_calibration_set_review_id_id UNIQUE (review_id, id)
);
CREATE INDEX ix_calibration_set_event ON calibration_set (review_id, event_number);
CREATE TRIGGER calibration_set_no_delete BEFORE DELETE ON calibration_set BEGIN SELECT RAISE(ABORT, 'calibration_set is append-only'); END;
CREATE TRIGGER calibration_set_no_update BEFORE UPDATE ON calibration_set BEGIN SELECT RAISE(ABORT, 'calibration_set is append-only'); END;

CREATE TABLE closing (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  reviewer_id CHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  CONSTRAINT ck_closing_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_closing_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_closing_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_closing_reviewer_id FOREIGN KEY(reviewer_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_closing PRIMARY KEY (id)
);
CREATE INDEX ix_closing_event ON closing (review_id, event_number);
CREATE INDEX ix_closing_whose ON closing (review_id, reviewer_id, stage);
CREATE TRIGGER closing_no_delete BEFORE DELETE ON closing BEGIN SELECT RAISE(ABORT, 'closing is append-only'); END;
CREATE TRIGGER closing_no_update BEFORE UPDATE ON closing BEGIN SELECT RAISE(ABORT, 'closing is append-only'); END;

CREATE TABLE cluster_membership (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  root_id CHAR(32) NOT NULL,
  CONSTRAINT fk_cluster_membership_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_cluster_membership_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_cluster_membership_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_cluster_membership_review_id_root_id FOREIGN KEY(review_id, root_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_cluster_membership PRIMARY KEY (id),
  CONSTRAINT uq_cluster_membership_review_id_record_id_event_number UNIQUE (review_id, record_id, event_number)
);
CREATE INDEX ix_cluster_membership_event ON cluster_membership (review_id, event_number);
CREATE INDEX ix_cluster_membership_root ON cluster_membership (review_id, root_id);
CREATE TRIGGER cluster_membership_no_delete BEFORE DELETE ON cluster_membership BEGIN SELECT RAISE(ABORT, 'cluster_membership is append-only'); END;
CREATE TRIGGER cluster_membership_no_update BEFORE UPDATE ON cluster_membership BEGIN SELECT RAISE(ABORT, 'cluster_membership is append-only'); END;

CREATE TABLE code (
  coded_at DATETIME NOT NULL,
  coder_id CHAR(32) NOT NULL,
  confidence VARCHAR(255),
  contract_id CHAR(32),
  details TEXT,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  item VARCHAR(255) NOT NULL,
  note TEXT,
  page VARCHAR(255),
  protocol_version INTEGER NOT NULL,
  quote TEXT,
  report_id CHAR(32),
  review_id CHAR(32) NOT NULL,
  study_id CHAR(32),
  value JSON NOT NULL,
  CONSTRAINT ck_code_a_page_belongs_to_a_quote CHECK (page IS NULL OR quote IS NOT NULL),
  CONSTRAINT ck_code_of_something CHECK (study_id IS NOT NULL OR contract_id IS NOT NULL),
  CONSTRAINT fk_code_coder_id FOREIGN KEY(coder_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_code_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_code_review_id_contract_id FOREIGN KEY(review_id, contract_id) REFERENCES contract (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_code_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_code_review_id_report_id FOREIGN KEY(review_id, report_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_code_review_id_study_id FOREIGN KEY(review_id, study_id) REFERENCES study (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_code PRIMARY KEY (id)
);
CREATE INDEX ix_code_coder_id ON code (coder_id);
CREATE INDEX ix_code_event ON code (review_id, event_number);
CREATE INDEX ix_code_subject ON code (review_id, study_id, contract_id, item);
CREATE TRIGGER code_no_delete BEFORE DELETE ON code BEGIN SELECT RAISE(ABORT, 'code is append-only'); END;
CREATE TRIGGER code_no_update BEFORE UPDATE ON code BEGIN SELECT RAISE(ABORT, 'code is append-only'); END;

CREATE TABLE comment (
  author_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  round INTEGER NOT NULL,
  stage VARCHAR(32) NOT NULL,
  text TEXT NOT NULL,
  CONSTRAINT ck_comment_not_empty CHECK (length(text) > 0),
  CONSTRAINT ck_comment_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_comment_author_id FOREIGN KEY(author_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_comment_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_comment_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_comment_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_comment PRIMARY KEY (id)
);
CREATE INDEX ix_comment_event ON comment (review_id, event_number);
CREATE INDEX ix_comment_record_id ON comment (record_id);
CREATE TRIGGER comment_no_delete BEFORE DELETE ON comment BEGIN SELECT RAISE(ABORT, 'comment is append-only'); END;
CREATE TRIGGER comment_no_update BEFORE UPDATE ON comment BEGIN SELECT RAISE(ABORT, 'comment is append-only'); END;

CREATE TABLE consensus_answer (
  agrees BOOLEAN NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  proposal_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  reviewer_id CHAR(32) NOT NULL,
  CONSTRAINT fk_consensus_answer_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_consensus_answer_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_consensus_answer_review_id_proposal_id FOREIGN KEY(review_id, proposal_id) REFERENCES consensus_proposal (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_consensus_answer_reviewer_id FOREIGN KEY(reviewer_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_consensus_answer PRIMARY KEY (id),
  CONSTRAINT uq_consensus_answer_proposal_id_reviewer_id UNIQUE (proposal_id, reviewer_id)
);
CREATE INDEX ix_consensus_answer_event ON consensus_answer (review_id, event_number);
CREATE TRIGGER consensus_answer_no_delete BEFORE DELETE ON consensus_answer BEGIN SELECT RAISE(ABORT, 'consensus_answer is append-only'); END;
CREATE TRIGGER consensus_answer_no_update BEFORE UPDATE ON consensus_answer BEGIN SELECT RAISE(ABORT, 'consensus_answer is append-only'); END;

CREATE TABLE consensus_proposal (
  event_number INTEGER NOT NULL,
  exclusion_reason VARCHAR(255),
  id CHAR(32) NOT NULL,
  note TEXT,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  reviewer_id CHAR(32) NOT NULL,
  round INTEGER NOT NULL,
  stage VARCHAR(32) NOT NULL,
  verdict VARCHAR(32) NOT NULL,
  CONSTRAINT ck_consensus_proposal_reason_with_exclude_and_always_at_full_text CHECK ((exclusion_reason IS NULL OR verdict = 'exclude') AND (exclusion_reason IS NOT NULL OR stage <> 'full_text' OR verdict <> 'exclude')),
  CONSTRAINT ck_consensus_proposal_resolved_one_way CHECK (verdict IN ('include', 'exclude')),
  CONSTRAINT ck_consensus_proposal_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT ck_consensus_proposal_verdict CHECK (verdict IN ('include', 'exclude', 'maybe', 'withdrawn')),
  CONSTRAINT fk_consensus_proposal_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_consensus_proposal_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_consensus_proposal_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_consensus_proposal_reviewer_id FOREIGN KEY(reviewer_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_consensus_proposal PRIMARY KEY (id),
  CONSTRAINT uq_consensus_proposal_review_id_id UNIQUE (review_id, id)
);
CREATE INDEX ix_consensus_proposal_event ON consensus_proposal (review_id, event_number);
CREATE INDEX ix_consensus_proposal_record_id ON consensus_proposal (record_id);
CREATE TRIGGER consensus_proposal_no_delete BEFORE DELETE ON consensus_proposal BEGIN SELECT RAISE(ABORT, 'consensus_proposal is append-only'); END;
CREATE TRIGGER consensus_proposal_no_update BEFORE UPDATE ON consensus_proposal BEGIN SELECT RAISE(ABORT, 'consensus_proposal is append-only'); END;

CREATE TABLE contract (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  label VARCHAR(255) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_contract_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contract_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_contract PRIMARY KEY (id),
  CONSTRAINT uq_contract_review_id_id UNIQUE (review_id, id),
  CONSTRAINT uq_contract_review_id_label UNIQUE (review_id, label)
);
CREATE INDEX ix_contract_event ON contract (review_id, event_number);
CREATE TRIGGER contract_no_delete BEFORE DELETE ON contract BEGIN SELECT RAISE(ABORT, 'contract is append-only'); END;
CREATE TRIGGER contract_no_update BEFORE UPDATE ON contract BEGIN SELECT RAISE(ABORT, 'contract is append-only'); END;

CREATE TABLE contract_list (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  n_contracts INTEGER NOT NULL,
  n_removed INTEGER NOT NULL,
  name VARCHAR(255) NOT NULL,
  review_id CHAR(32) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT fk_contract_list_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contract_list_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_contract_list PRIMARY KEY (id)
);
CREATE INDEX ix_contract_list_event ON contract_list (review_id, event_number);
CREATE TRIGGER contract_list_no_delete BEFORE DELETE ON contract_list BEGIN SELECT RAISE(ABORT, 'contract_list is append-only'); END;
CREATE TRIGGER contract_list_no_update BEFORE UPDATE ON contract_list BEGIN SELECT RAISE(ABORT, 'contract_list is append-only'); END;

CREATE TABLE decision (
  decided_at DATETIME NOT NULL,
  event_number INTEGER NOT NULL,
  exclusion_reason VARCHAR(255),
  id CHAR(32) NOT NULL,
  idempotency_key CHAR(32),
  model_fingerprint VARCHAR(255),
  note TEXT,
  protocol_version INTEGER NOT NULL,
  rank_shown INTEGER,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  reviewer_id CHAR(32) NOT NULL,
  round INTEGER NOT NULL,
  seconds DOUBLE,
  stage VARCHAR(32) NOT NULL,
  supersedes_id CHAR(32),
  verdict VARCHAR(32) NOT NULL,
  CONSTRAINT ck_decision_not_its_own_successor CHECK (supersedes_id IS NULL OR supersedes_id <> id),
  CONSTRAINT ck_decision_reason_with_exclude_and_always_at_full_text CHECK ((exclusion_reason IS NULL OR verdict = 'exclude') AND (exclusion_reason IS NOT NULL OR stage <> 'full_text' OR verdict <> 'exclude')),
  CONSTRAINT ck_decision_rounds_from_one CHECK (round > 0),
  CONSTRAINT ck_decision_seconds_not_negative CHECK (seconds >= 0),
  CONSTRAINT ck_decision_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT ck_decision_verdict CHECK (verdict IN ('include', 'exclude', 'maybe', 'withdrawn')),
  CONSTRAINT fk_decision_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_decision_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_decision_review_id_protocol_version FOREIGN KEY(review_id, protocol_version) REFERENCES protocol_version (review_id, number) ON DELETE RESTRICT,
  CONSTRAINT fk_decision_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_decision_review_id_supersedes_id FOREIGN KEY(review_id, supersedes_id) REFERENCES decision (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_decision_reviewer_id FOREIGN KEY(reviewer_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_decision PRIMARY KEY (id),
  CONSTRAINT uq_decision_review_id_id UNIQUE (review_id, id),
  CONSTRAINT uq_decision_review_id_reviewer_id_idempotency_key UNIQUE (review_id, reviewer_id, idempotency_key),
  CONSTRAINT uq_decision_supersedes_id UNIQUE (supersedes_id)
);
CREATE INDEX ix_decision_event ON decision (review_id, event_number);
CREATE INDEX ix_decision_of ON decision (record_id, stage, round);
CREATE INDEX ix_decision_order ON decision (review_id, stage, reviewer_id, event_number);
CREATE INDEX ix_decision_whose ON decision (reviewer_id, stage, record_id);
CREATE UNIQUE INDEX one_first_decision ON decision (record_id, stage, round, reviewer_id) WHERE supersedes_id IS NULL;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;

CREATE TABLE duplicate_judgement (
  event_number INTEGER NOT NULL,
  evidence JSON NOT NULL,
  id CHAR(32) NOT NULL,
  left_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  right_id CHAR(32) NOT NULL,
  score DOUBLE,
  verdict VARCHAR(32) NOT NULL,
  CONSTRAINT ck_duplicate_judgement_judgement CHECK (verdict IN ('duplicate', 'distinct', 'same_study', 'possible', 'withdrawn')),
  CONSTRAINT ck_duplicate_judgement_not_its_own_duplicate CHECK (left_id <> right_id),
  CONSTRAINT fk_duplicate_judgement_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_duplicate_judgement_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_duplicate_judgement_review_id_left_id FOREIGN KEY(review_id, left_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_duplicate_judgement_review_id_right_id FOREIGN KEY(review_id, right_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_duplicate_judgement PRIMARY KEY (id)
);
CREATE INDEX ix_duplicate_judgement_event ON duplicate_judgement (review_id, event_number);
CREATE INDEX ix_duplicate_judgement_pair ON duplicate_judgement (review_id, left_id, right_id, event_number);
CREATE INDEX ix_duplicate_judgement_right ON duplicate_judgement (review_id, right_id);
CREATE TRIGGER duplicate_judgement_no_delete BEFORE DELETE ON duplicate_judgement BEGIN SELECT RAISE(ABORT, 'duplicate_judgement is append-only'); END;
CREATE TRIGGER duplicate_judgement_no_update BEFORE UPDATE ON duplicate_judgement BEGIN SELECT RAISE(ABORT, 'duplicate_judgement is append-only'); END;

CREATE TABLE event (
  act VARCHAR(32) NOT NULL,
  actor_id CHAR(32),
  actor_kind VARCHAR(32) NOT NULL,
  at DATETIME NOT NULL,
  detail JSON NOT NULL,
  digest VARCHAR(64) NOT NULL,
  hash VARCHAR(64) NOT NULL,
  n_rows INTEGER NOT NULL,
  number INTEGER NOT NULL,
  previous_hash VARCHAR(64) NOT NULL,
  review_id CHAR(32) NOT NULL,
  subject_id CHAR(32),
  subject_kind VARCHAR(255),
  CONSTRAINT ck_event_a_person_is_named CHECK ((actor_kind = 'person') = (actor_id IS NOT NULL)),
  CONSTRAINT ck_event_actorkind CHECK (actor_kind IN ('person', 'operator', 'model')),
  CONSTRAINT ck_event_numbered_from_one CHECK (number > 0),
  CONSTRAINT fk_event_actor_id FOREIGN KEY(actor_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_event_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_event PRIMARY KEY (review_id, number),
  CONSTRAINT uq_event_review_id_previous_hash UNIQUE (review_id, previous_hash)
);
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;

CREATE TABLE external_id (
  contract_id CHAR(32),
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  scheme VARCHAR(255) NOT NULL,
  study_id CHAR(32),
  value VARCHAR(255) NOT NULL,
  CONSTRAINT ck_external_id_of_one_study_or_contract CHECK ((study_id IS NULL) <> (contract_id IS NULL)),
  CONSTRAINT fk_external_id_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_external_id_review_id_contract_id FOREIGN KEY(review_id, contract_id) REFERENCES contract (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_external_id_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_external_id_review_id_study_id FOREIGN KEY(review_id, study_id) REFERENCES study (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_external_id PRIMARY KEY (id)
);
CREATE INDEX ix_external_id_event ON external_id (review_id, event_number);
CREATE INDEX ix_external_id_value ON external_id (review_id, scheme, value);
CREATE TRIGGER external_id_no_delete BEFORE DELETE ON external_id BEGIN SELECT RAISE(ABORT, 'external_id is append-only'); END;
CREATE TRIGGER external_id_no_update BEFORE UPDATE ON external_id BEGIN SELECT RAISE(ABORT, 'external_id is append-only'); END;

CREATE TABLE feedback (
  id CHAR(32) NOT NULL,
  publication_id CHAR(32) NOT NULL,
  reply_to VARCHAR(255),
  review_id CHAR(32) NOT NULL,
  sent_at DATETIME NOT NULL,
  text TEXT NOT NULL,
  view TEXT NOT NULL,
  CONSTRAINT fk_feedback_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_feedback_review_id_publication_id FOREIGN KEY(review_id, publication_id) REFERENCES publication (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_feedback PRIMARY KEY (id),
  CONSTRAINT uq_feedback_review_id_id UNIQUE (review_id, id)
);
CREATE INDEX ix_feedback_publication_id ON feedback (publication_id);

CREATE TABLE feedback_answer (
  answer TEXT NOT NULL,
  answered_at DATETIME NOT NULL,
  event_number INTEGER NOT NULL,
  feedback_id CHAR(32) NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_feedback_answer_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_feedback_answer_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_feedback_answer_review_id_feedback_id FOREIGN KEY(review_id, feedback_id) REFERENCES feedback (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_feedback_answer PRIMARY KEY (id)
);
CREATE INDEX ix_feedback_answer_event ON feedback_answer (review_id, event_number);
CREATE TRIGGER feedback_answer_no_delete BEFORE DELETE ON feedback_answer BEGIN SELECT RAISE(ABORT, 'feedback_answer is append-only'); END;
CREATE TRIGGER feedback_answer_no_update BEFORE UPDATE ON feedback_answer BEGIN SELECT RAISE(ABORT, 'feedback_answer is append-only'); END;

CREATE TABLE file_correction (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  import_file_id CHAR(32) NOT NULL,
  is_withdrawn BOOLEAN NOT NULL,
  review_id CHAR(32) NOT NULL,
  search_id CHAR(32) NOT NULL,
  why TEXT NOT NULL,
  CONSTRAINT fk_file_correction_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_file_correction_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_file_correction_review_id_import_file_id FOREIGN KEY(review_id, import_file_id) REFERENCES import_file (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_file_correction_review_id_search_id FOREIGN KEY(review_id, search_id) REFERENCES search (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_file_correction PRIMARY KEY (id)
);
CREATE INDEX ix_file_correction_event ON file_correction (review_id, event_number);
CREATE INDEX ix_file_correction_file ON file_correction (review_id, import_file_id, event_number);
CREATE TRIGGER file_correction_no_delete BEFORE DELETE ON file_correction BEGIN SELECT RAISE(ABORT, 'file_correction is append-only'); END;
CREATE TRIGGER file_correction_no_update BEFORE UPDATE ON file_correction BEGIN SELECT RAISE(ABORT, 'file_correction is append-only'); END;

CREATE TABLE full_text (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  n_bytes INTEGER NOT NULL,
  name TEXT NOT NULL,
  part VARCHAR(32),
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT ck_full_text_documentpart CHECK (part IN ('report', 'supplement', 'translation')),
  CONSTRAINT fk_full_text_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_full_text_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_full_text_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_full_text PRIMARY KEY (id)
);
CREATE INDEX ix_full_text_event ON full_text (review_id, event_number);
CREATE INDEX ix_full_text_record ON full_text (review_id, record_id, event_number);
CREATE TRIGGER full_text_no_delete BEFORE DELETE ON full_text BEGIN SELECT RAISE(ABORT, 'full_text is append-only'); END;
CREATE TRIGGER full_text_no_update BEFORE UPDATE ON full_text BEGIN SELECT RAISE(ABORT, 'full_text is append-only'); END;

CREATE TABLE import_file (
  blocks_digest VARCHAR(64),
  encoding VARCHAR(255) NOT NULL,
  event_number INTEGER NOT NULL,
  format VARCHAR(255) NOT NULL,
  id CHAR(32) NOT NULL,
  n_accepted INTEGER NOT NULL,
  n_bytes INTEGER NOT NULL,
  n_found INTEGER NOT NULL,
  n_rejected INTEGER NOT NULL,
  name TEXT NOT NULL,
  read_at DATETIME NOT NULL,
  review_id CHAR(32) NOT NULL,
  search_id CHAR(32) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  warnings JSON NOT NULL,
  CONSTRAINT ck_import_file_every_block_accounted_for CHECK (n_found = n_accepted + n_rejected),
  CONSTRAINT fk_import_file_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_import_file_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_import_file_review_id_search_id FOREIGN KEY(review_id, search_id) REFERENCES search (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_import_file PRIMARY KEY (id),
  CONSTRAINT uq_import_file_review_id_id UNIQUE (review_id, id),
  CONSTRAINT uq_import_file_review_id_sha256 UNIQUE (review_id, sha256)
);
CREATE INDEX ix_import_file_event ON import_file (review_id, event_number);
CREATE TRIGGER import_file_no_delete BEFORE DELETE ON import_file BEGIN SELECT RAISE(ABORT, 'import_file is append-only'); END;
CREATE TRIGGER import_file_no_update BEFORE UPDATE ON import_file BEGIN SELECT RAISE(ABORT, 'import_file is append-only'); END;

CREATE TABLE imported_decision (
  decision_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  named_at VARCHAR(255),
  named_author VARCHAR(255) NOT NULL,
  named_verdict VARCHAR(255) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_imported_decision_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_imported_decision_review_id_decision_id FOREIGN KEY(review_id, decision_id) REFERENCES decision (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_imported_decision_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_imported_decision PRIMARY KEY (id),
  CONSTRAINT uq_imported_decision_decision_id UNIQUE (decision_id)
);
CREATE INDEX ix_imported_decision_event ON imported_decision (review_id, event_number);
CREATE TRIGGER imported_decision_no_delete BEFORE DELETE ON imported_decision BEGIN SELECT RAISE(ABORT, 'imported_decision is append-only'); END;
CREATE TRIGGER imported_decision_no_update BEFORE UPDATE ON imported_decision BEGIN SELECT RAISE(ABORT, 'imported_decision is append-only'); END;

CREATE TABLE invitation (
  created_at DATETIME NOT NULL,
  created_by CHAR(32) NOT NULL,
  expires_at DATETIME NOT NULL,
  id CHAR(32) NOT NULL,
  name VARCHAR(255) NOT NULL,
  review_id CHAR(32) NOT NULL,
  revoked_at DATETIME,
  roles JSON NOT NULL,
  token_sha256 VARCHAR(64) NOT NULL,
  used_at DATETIME,
  used_by CHAR(32),
  CONSTRAINT ck_invitation_used_by_somebody CHECK ((used_at IS NULL) = (used_by IS NULL)),
  CONSTRAINT fk_invitation_created_by FOREIGN KEY(created_by) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_invitation_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_invitation_used_by FOREIGN KEY(used_by) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_invitation PRIMARY KEY (id),
  CONSTRAINT uq_invitation_token_sha256 UNIQUE (token_sha256)
);
CREATE INDEX ix_invitation_review_id ON invitation (review_id);

CREATE TABLE job (
  arguments JSON NOT NULL,
  asked_by CHAR(32) NOT NULL,
  attempts INTEGER DEFAULT '0' NOT NULL,
  began_at DATETIME,
  checkpoint JSON NOT NULL,
  created_at DATETIME NOT NULL,
  done DOUBLE NOT NULL,
  ended_at DATETIME,
  error TEXT,
  id CHAR(32) NOT NULL,
  kind VARCHAR(255) NOT NULL,
  lease_id CHAR(32),
  leased_until DATETIME,
  result JSON NOT NULL,
  review_id CHAR(32) NOT NULL,
  state VARCHAR(32) NOT NULL,
  step TEXT DEFAULT '' NOT NULL,
  CONSTRAINT ck_job_a_failure_says_why CHECK ((state = 'failed') = (error IS NOT NULL)),
  CONSTRAINT ck_job_a_lease_is_somebodys CHECK ((leased_until IS NULL) = (lease_id IS NULL)),
  CONSTRAINT ck_job_done_is_a_share CHECK (done >= 0 AND done <= 1),
  CONSTRAINT ck_job_jobstate CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  CONSTRAINT ck_job_who_runs_holds_a_lease CHECK ((state = 'running') = (leased_until IS NOT NULL)),
  CONSTRAINT fk_job_asked_by FOREIGN KEY(asked_by) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_job_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_job PRIMARY KEY (id)
);
CREATE INDEX ix_job_review_id ON job (review_id);
CREATE INDEX ix_job_waiting ON job (state, created_at);

CREATE TABLE known_contract (
  content JSON NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  key VARCHAR(255) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_known_contract_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_known_contract PRIMARY KEY (id),
  CONSTRAINT uq_known_contract_review_id_key UNIQUE (review_id, key)
);

CREATE TABLE login_attempt (
  at DATETIME NOT NULL,
  id CHAR(32) NOT NULL,
  who_sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT pk_login_attempt PRIMARY KEY (id)
);
CREATE INDEX ix_login_attempt_who ON login_attempt (who_sha256, at);

CREATE TABLE login_session (
  account_id CHAR(32) NOT NULL,
  created_at DATETIME NOT NULL,
  id CHAR(32) NOT NULL,
  seen_at DATETIME NOT NULL,
  token_sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT fk_login_session_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_login_session PRIMARY KEY (id),
  CONSTRAINT uq_login_session_token_sha256 UNIQUE (token_sha256)
);
CREATE INDEX ix_login_session_account_id ON login_session (account_id);

CREATE TABLE marked_words (
  decision_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  words VARCHAR(255) NOT NULL,
  CONSTRAINT ck_marked_words_neither_empty_nor_a_text CHECK (length(words) BETWEEN 1 AND 200),
  CONSTRAINT fk_marked_words_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_marked_words_review_id_decision_id FOREIGN KEY(review_id, decision_id) REFERENCES decision (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_marked_words_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_marked_words PRIMARY KEY (id),
  CONSTRAINT uq_marked_words_decision_id_words UNIQUE (decision_id, words)
);
CREATE INDEX ix_marked_words_event ON marked_words (review_id, event_number);
CREATE TRIGGER marked_words_no_delete BEFORE DELETE ON marked_words BEGIN SELECT RAISE(ABORT, 'marked_words is append-only'); END;
CREATE TRIGGER marked_words_no_update BEFORE UPDATE ON marked_words BEGIN SELECT RAISE(ABORT, 'marked_words is append-only'); END;

CREATE TABLE membership (
  account_id CHAR(32) NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  role VARCHAR(32) NOT NULL,
  since DATETIME NOT NULL,
  CONSTRAINT ck_membership_role CHECK (role IN ('lead', 'reviewer', 'adjudicator', 'advisor')),
  CONSTRAINT fk_membership_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_membership_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_membership PRIMARY KEY (id),
  CONSTRAINT uq_membership_review_id_account_id_role UNIQUE (review_id, account_id, role)
);
CREATE INDEX ix_membership_account_id ON membership (account_id);

CREATE TABLE model_run (
  fingerprint VARCHAR(255) NOT NULL,
  id CHAR(32) NOT NULL,
  n_included INTEGER NOT NULL,
  n_training INTEGER NOT NULL,
  parameters JSON NOT NULL,
  ready_at DATETIME,
  review_id CHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  started_at DATETIME NOT NULL,
  up_to_event INTEGER NOT NULL,
  CONSTRAINT ck_model_run_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_model_run_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_model_run PRIMARY KEY (id),
  CONSTRAINT uq_model_run_review_id_id UNIQUE (review_id, id)
);
CREATE INDEX ix_model_run_current ON model_run (review_id, stage, ready_at);

CREATE TABLE offered_file (
  candidates JSON NOT NULL,
  first_words TEXT NOT NULL,
  id CHAR(32) NOT NULL,
  n_pages INTEGER NOT NULL,
  name TEXT NOT NULL,
  offered_at DATETIME NOT NULL,
  offered_by CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT fk_offered_file_offered_by FOREIGN KEY(offered_by) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_offered_file_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_offered_file PRIMARY KEY (id),
  CONSTRAINT uq_offered_file_review_id_sha256 UNIQUE (review_id, sha256)
);

CREATE TABLE own_term (
  account_id CHAR(32) NOT NULL,
  id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  term VARCHAR(255) NOT NULL,
  CONSTRAINT fk_own_term_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_own_term_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_own_term PRIMARY KEY (id),
  CONSTRAINT uq_own_term_review_id_account_id_term UNIQUE (review_id, account_id, term)
);

CREATE TABLE protocol_draft (
  based_on INTEGER NOT NULL,
  review_id CHAR(32) NOT NULL,
  saved_at DATETIME NOT NULL,
  saved_by CHAR(32) NOT NULL,
  text TEXT NOT NULL,
  CONSTRAINT fk_protocol_draft_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_protocol_draft_saved_by FOREIGN KEY(saved_by) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_protocol_draft PRIMARY KEY (review_id)
);

CREATE TABLE protocol_version (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  made_at DATETIME NOT NULL,
  number INTEGER NOT NULL,
  review_id CHAR(32) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  text TEXT NOT NULL,
  why TEXT,
  CONSTRAINT ck_protocol_version_an_amendment_says_why CHECK (number = 1 OR why IS NOT NULL),
  CONSTRAINT fk_protocol_version_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_protocol_version_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_protocol_version PRIMARY KEY (id),
  CONSTRAINT uq_protocol_version_review_id_id UNIQUE (review_id, id),
  CONSTRAINT uq_protocol_version_review_id_number UNIQUE (review_id, number)
);
CREATE INDEX ix_protocol_version_event ON protocol_version (review_id, event_number);
CREATE TRIGGER protocol_version_no_delete BEFORE DELETE ON protocol_version BEGIN SELECT RAISE(ABORT, 'protocol_version is append-only'); END;
CREATE TRIGGER protocol_version_no_update BEFORE UPDATE ON protocol_version BEGIN SELECT RAISE(ABORT, 'protocol_version is append-only'); END;

CREATE TABLE publication (
  content JSON NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  number INTEGER NOT NULL,
  review_id CHAR(32) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  title TEXT NOT NULL,
  up_to_event INTEGER NOT NULL,
  CONSTRAINT fk_publication_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_publication_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_publication PRIMARY KEY (id),
  CONSTRAINT uq_publication_review_id_id UNIQUE (review_id, id),
  CONSTRAINT uq_publication_review_id_number UNIQUE (review_id, number)
);
CREATE INDEX ix_publication_event ON publication (review_id, event_number);
CREATE TRIGGER publication_no_delete BEFORE DELETE ON publication BEGIN SELECT RAISE(ABORT, 'publication is append-only'); END;
CREATE TRIGGER publication_no_update BEFORE UPDATE ON publication BEGIN SELECT RAISE(ABORT, 'publication is append-only'); END;

CREATE TABLE publication_withdrawal (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  publication_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  why TEXT NOT NULL,
  withdrawn_at DATETIME NOT NULL,
  CONSTRAINT fk_publication_withdrawal_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_publication_withdrawal_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_publication_withdrawal_review_id_publication_id FOREIGN KEY(review_id, publication_id) REFERENCES publication (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_publication_withdrawal PRIMARY KEY (id)
);
CREATE INDEX ix_publication_withdrawal_event ON publication_withdrawal (review_id, event_number);
CREATE TRIGGER publication_withdrawal_no_delete BEFORE DELETE ON publication_withdrawal BEGIN SELECT RAISE(ABORT, 'publication_withdrawal is append-only'); END;
CREATE TRIGGER publication_withdrawal_no_update BEFORE UPDATE ON publication_withdrawal BEGIN SELECT RAISE(ABORT, 'publication_withdrawal is append-only'); END;

CREATE TABLE rank (
  held_out DOUBLE,
  model_run_id CHAR(32) NOT NULL,
  position INTEGER NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  score DOUBLE NOT NULL,
  why JSON,
  CONSTRAINT fk_rank_review_id_model_run_id FOREIGN KEY(review_id, model_run_id) REFERENCES model_run (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_rank_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_rank PRIMARY KEY (model_run_id, record_id),
  CONSTRAINT uq_rank_model_run_id_position UNIQUE (model_run_id, position)
);

CREATE TABLE record (
  abstract TEXT,
  accession TEXT,
  authors JSON NOT NULL,
  block INTEGER NOT NULL,
  doi TEXT,
  extra JSON NOT NULL,
  id CHAR(32) NOT NULL,
  import_file_id CHAR(32) NOT NULL,
  isbn TEXT,
  issn TEXT,
  issue TEXT,
  journal TEXT,
  journal_abbreviation TEXT,
  keywords JSON NOT NULL,
  language TEXT,
  line INTEGER NOT NULL,
  number INTEGER NOT NULL,
  other_abstracts JSON,
  pages TEXT,
  pmid TEXT,
  raw TEXT NOT NULL,
  review_id CHAR(32) NOT NULL,
  title TEXT NOT NULL,
  translated_title TEXT,
  type TEXT,
  url TEXT,
  volume TEXT,
  year INTEGER,
  CONSTRAINT fk_record_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_record PRIMARY KEY (id),
  CONSTRAINT uq_record_review_id_id UNIQUE (review_id, id),
  CONSTRAINT uq_record_review_id_number UNIQUE (review_id, number)
);
CREATE INDEX ix_record_file ON record (review_id, import_file_id);
CREATE TRIGGER record_no_delete BEFORE DELETE ON record WHEN EXISTS (SELECT 1 FROM import_file WHERE import_file.id = OLD.import_file_id) BEGIN SELECT RAISE(ABORT, 'record is append-only'); END;
CREATE TRIGGER record_no_update BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'record is append-only'); END;

CREATE TABLE record_correction (
  abstract TEXT,
  authors JSON NOT NULL,
  doi TEXT,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  isbn TEXT,
  issn TEXT,
  issue TEXT,
  journal TEXT,
  language TEXT,
  pages TEXT,
  pmid TEXT,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  source TEXT NOT NULL,
  title TEXT NOT NULL,
  translated_title TEXT,
  type TEXT,
  url TEXT,
  volume TEXT,
  why TEXT NOT NULL,
  year INTEGER,
  CONSTRAINT fk_record_correction_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_record_correction_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_record_correction_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_record_correction PRIMARY KEY (id)
);
CREATE INDEX ix_record_correction_event ON record_correction (review_id, event_number);
CREATE INDEX ix_record_correction_record ON record_correction (record_id, event_number);
CREATE TRIGGER record_correction_no_delete BEFORE DELETE ON record_correction BEGIN SELECT RAISE(ABORT, 'record_correction is append-only'); END;
CREATE TRIGGER record_correction_no_update BEFORE UPDATE ON record_correction BEGIN SELECT RAISE(ABORT, 'record_correction is append-only'); END;

CREATE TABLE record_label (
  account_id CHAR(32) NOT NULL,
  at DATETIME NOT NULL,
  id CHAR(32) NOT NULL,
  is_shared BOOLEAN NOT NULL,
  name VARCHAR(255) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_record_label_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_record_label_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_record_label_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_record_label PRIMARY KEY (id),
  CONSTRAINT uq_record_label_record_id_account_id_name UNIQUE (record_id, account_id, name)
);
CREATE INDEX ix_record_label_of ON record_label (review_id, account_id, name);

CREATE TABLE rejected_block (
  block INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  import_file_id CHAR(32) NOT NULL,
  line INTEGER NOT NULL,
  raw TEXT NOT NULL,
  reason TEXT NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_rejected_block_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT pk_rejected_block PRIMARY KEY (id)
);
CREATE INDEX ix_rejected_block_file ON rejected_block (review_id, import_file_id);
CREATE TRIGGER rejected_block_no_delete BEFORE DELETE ON rejected_block WHEN EXISTS (SELECT 1 FROM import_file WHERE import_file.id = OLD.import_file_id) BEGIN SELECT RAISE(ABORT, 'rejected_block is append-only'); END;
CREATE TRIGGER rejected_block_no_update BEFORE UPDATE ON rejected_block BEGIN SELECT RAISE(ABORT, 'rejected_block is append-only'); END;

CREATE TABLE removal (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  why TEXT NOT NULL,
  CONSTRAINT ck_removal_removalkind CHECK (kind IN ('automation', 'other', 'restored')),
  CONSTRAINT fk_removal_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_removal_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_removal_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_removal PRIMARY KEY (id)
);
CREATE INDEX ix_removal_event ON removal (review_id, event_number);
CREATE INDEX ix_removal_record ON removal (review_id, record_id, event_number);
CREATE TRIGGER removal_no_delete BEFORE DELETE ON removal BEGIN SELECT RAISE(ABORT, 'removal is append-only'); END;
CREATE TRIGGER removal_no_update BEFORE UPDATE ON removal BEGIN SELECT RAISE(ABORT, 'removal is append-only'); END;

CREATE TABLE reopening (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  round INTEGER NOT NULL,
  stage VARCHAR(32) NOT NULL,
  why TEXT NOT NULL,
  CONSTRAINT ck_reopening_a_reopening_starts_a_later_round CHECK (round > 1),
  CONSTRAINT ck_reopening_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_reopening_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_reopening_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_reopening_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_reopening PRIMARY KEY (id),
  CONSTRAINT uq_reopening_record_id_stage_round UNIQUE (record_id, stage, round)
);
CREATE INDEX ix_reopening_event ON reopening (review_id, event_number);
CREATE TRIGGER reopening_no_delete BEFORE DELETE ON reopening BEGIN SELECT RAISE(ABORT, 'reopening is append-only'); END;
CREATE TRIGGER reopening_no_update BEFORE UPDATE ON reopening BEGIN SELECT RAISE(ABORT, 'reopening is append-only'); END;

CREATE TABLE reopening_refusal (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  request_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  why TEXT NOT NULL,
  CONSTRAINT ck_reopening_refusal_with_a_reason CHECK (length(why) > 0),
  CONSTRAINT fk_reopening_refusal_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_reopening_refusal_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_reopening_refusal_review_id_request_id FOREIGN KEY(review_id, request_id) REFERENCES reopening_request (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_reopening_refusal PRIMARY KEY (id),
  CONSTRAINT uq_reopening_refusal_request_id UNIQUE (request_id)
);
CREATE INDEX ix_reopening_refusal_event ON reopening_refusal (review_id, event_number);
CREATE TRIGGER reopening_refusal_no_delete BEFORE DELETE ON reopening_refusal BEGIN SELECT RAISE(ABORT, 'reopening_refusal is append-only'); END;
CREATE TRIGGER reopening_refusal_no_update BEFORE UPDATE ON reopening_refusal BEGIN SELECT RAISE(ABORT, 'reopening_refusal is append-only'); END;

CREATE TABLE reopening_request (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  reviewer_id CHAR(32) NOT NULL,
  round INTEGER NOT NULL,
  stage VARCHAR(32) NOT NULL,
  why TEXT NOT NULL,
  CONSTRAINT ck_reopening_request_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT ck_reopening_request_with_a_reason CHECK (length(why) > 0),
  CONSTRAINT fk_reopening_request_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_reopening_request_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_reopening_request_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_reopening_request_reviewer_id FOREIGN KEY(reviewer_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT pk_reopening_request PRIMARY KEY (id),
  CONSTRAINT uq_reopening_request_review_id_id UNIQUE (review_id, id)
);
CREATE INDEX ix_reopening_request_event ON reopening_request (review_id, event_number);
CREATE INDEX ix_reopening_request_record_id ON reopening_request (record_id);
CREATE TRIGGER reopening_request_no_delete BEFORE DELETE ON reopening_request BEGIN SELECT RAISE(ABORT, 'reopening_request is append-only'); END;
CREATE TRIGGER reopening_request_no_update BEFORE UPDATE ON reopening_request BEGIN SELECT RAISE(ABORT, 'reopening_request is append-only'); END;

CREATE TABLE reservation (
  account_id CHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  until DATETIME NOT NULL,
  CONSTRAINT ck_reservation_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_reservation_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_reservation_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_reservation_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_reservation PRIMARY KEY (review_id, account_id, stage, record_id)
);
CREATE INDEX ix_reservation_record ON reservation (record_id, stage);

CREATE TABLE retrieval (
  asked_of TEXT,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  remind_on DATE,
  review_id CHAR(32) NOT NULL,
  state VARCHAR(32) NOT NULL,
  why TEXT,
  CONSTRAINT ck_retrieval_not_retrieved_says_why CHECK (state <> 'not_retrieved' OR why IS NOT NULL),
  CONSTRAINT ck_retrieval_retrievalstate CHECK (state IN ('requested', 'retrieved', 'not_retrieved')),
  CONSTRAINT fk_retrieval_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_retrieval_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_retrieval_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_retrieval PRIMARY KEY (id)
);
CREATE INDEX ix_retrieval_event ON retrieval (review_id, event_number);
CREATE INDEX ix_retrieval_record ON retrieval (review_id, record_id, event_number);
CREATE TRIGGER retrieval_no_delete BEFORE DELETE ON retrieval BEGIN SELECT RAISE(ABORT, 'retrieval is append-only'); END;
CREATE TRIGGER retrieval_no_update BEFORE UPDATE ON retrieval BEGIN SELECT RAISE(ABORT, 'retrieval is append-only'); END;

CREATE TABLE review (
  created_at DATETIME NOT NULL,
  id CHAR(32) NOT NULL,
  slug VARCHAR(255) NOT NULL,
  title TEXT NOT NULL,
  CONSTRAINT pk_review PRIMARY KEY (id),
  CONSTRAINT uq_review_slug UNIQUE (slug)
);

CREATE TABLE round_rule (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  protocol_version INTEGER NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  round INTEGER NOT NULL,
  stage VARCHAR(32) NOT NULL,
  why TEXT NOT NULL,
  CONSTRAINT ck_round_rule_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT ck_round_rule_with_a_reason CHECK (length(why) > 0),
  CONSTRAINT fk_round_rule_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_round_rule_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_round_rule_review_id_protocol_version FOREIGN KEY(review_id, protocol_version) REFERENCES protocol_version (review_id, number) ON DELETE RESTRICT,
  CONSTRAINT fk_round_rule_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_round_rule PRIMARY KEY (id)
);
CREATE INDEX ix_round_rule_event ON round_rule (review_id, event_number);
CREATE INDEX ix_round_rule_record_id ON round_rule (record_id);
CREATE TRIGGER round_rule_no_delete BEFORE DELETE ON round_rule BEGIN SELECT RAISE(ABORT, 'round_rule is append-only'); END;
CREATE TRIGGER round_rule_no_update BEFORE UPDATE ON round_rule BEGIN SELECT RAISE(ABORT, 'round_rule is append-only'); END;

CREATE TABLE search (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  limits TEXT,
  n_hits INTEGER,
  platform VARCHAR(255),
  query TEXT,
  review_id CHAR(32) NOT NULL,
  run_on DATE,
  source VARCHAR(255) NOT NULL,
  update_of CHAR(32),
  CONSTRAINT ck_search_hits_not_negative CHECK (n_hits >= 0),
  CONSTRAINT ck_search_searchkind CHECK (kind IN ('database', 'register', 'website', 'organisation', 'citation_searching', 'contact', 'other')),
  CONSTRAINT fk_search_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_search_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_search PRIMARY KEY (id),
  CONSTRAINT uq_search_review_id_id UNIQUE (review_id, id)
);
CREATE INDEX ix_search_event ON search (review_id, event_number);
CREATE TRIGGER search_no_delete BEFORE DELETE ON search BEGIN SELECT RAISE(ABORT, 'search is append-only'); END;
CREATE TRIGGER search_no_update BEFORE UPDATE ON search BEGIN SELECT RAISE(ABORT, 'search is append-only'); END;

CREATE TABLE search_correction (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  is_withdrawn BOOLEAN NOT NULL,
  kind VARCHAR(32) NOT NULL,
  limits TEXT,
  n_hits INTEGER,
  platform VARCHAR(255),
  query TEXT,
  review_id CHAR(32) NOT NULL,
  run_on DATE,
  search_id CHAR(32) NOT NULL,
  source VARCHAR(255) NOT NULL,
  update_of CHAR(32),
  why TEXT NOT NULL,
  CONSTRAINT ck_search_correction_hits_not_negative CHECK (n_hits >= 0),
  CONSTRAINT ck_search_correction_searchkind CHECK (kind IN ('database', 'register', 'website', 'organisation', 'citation_searching', 'contact', 'other')),
  CONSTRAINT fk_search_correction_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_search_correction_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_search_correction_review_id_search_id FOREIGN KEY(review_id, search_id) REFERENCES search (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_search_correction PRIMARY KEY (id)
);
CREATE INDEX ix_search_correction_event ON search_correction (review_id, event_number);
CREATE INDEX ix_search_correction_search ON search_correction (review_id, search_id, event_number);
CREATE TRIGGER search_correction_no_delete BEFORE DELETE ON search_correction BEGIN SELECT RAISE(ABORT, 'search_correction is append-only'); END;
CREATE TRIGGER search_correction_no_update BEFORE UPDATE ON search_correction BEGIN SELECT RAISE(ABORT, 'search_correction is append-only'); END;

CREATE TABLE share_link (
  address VARCHAR(255),
  created_at DATETIME NOT NULL,
  created_by CHAR(32) NOT NULL,
  expires_at DATETIME,
  frame_origins JSON DEFAULT '[]' NOT NULL,
  id CHAR(32) NOT NULL,
  password_sha256 VARCHAR(64),
  publication_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  revoked_at DATETIME,
  token_sha256 VARCHAR(64) NOT NULL,
  CONSTRAINT fk_share_link_created_by FOREIGN KEY(created_by) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_share_link_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_share_link_review_id_publication_id FOREIGN KEY(review_id, publication_id) REFERENCES publication (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_share_link PRIMARY KEY (id),
  CONSTRAINT uq_share_link_address UNIQUE (address),
  CONSTRAINT uq_share_link_token_sha256 UNIQUE (token_sha256)
);
CREATE INDEX ix_share_link_publication_id ON share_link (publication_id);

CREATE TABLE skip (
  account_id CHAR(32) NOT NULL,
  at DATETIME NOT NULL,
  id CHAR(32) NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  CONSTRAINT ck_skip_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_skip_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
  CONSTRAINT fk_skip_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_skip_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_skip PRIMARY KEY (id),
  CONSTRAINT uq_skip_account_id_record_id_stage UNIQUE (account_id, record_id, stage)
);
CREATE INDEX ix_skip_review_id ON skip (review_id);

CREATE TABLE stage_rule (
  closes_after_decisions INTEGER,
  closes_after_hours INTEGER,
  consensus_allowed BOOLEAN NOT NULL,
  decisions_needed INTEGER NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  maybe_advances BOOLEAN NOT NULL,
  protocol_version_id CHAR(32) NOT NULL,
  reasons_must_agree BOOLEAN NOT NULL,
  review_id CHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT ck_stage_rule_one_or_two_decisions CHECK (decisions_needed IN (1, 2)),
  CONSTRAINT ck_stage_rule_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_stage_rule_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_stage_rule_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_stage_rule_review_id_protocol_version_id FOREIGN KEY(review_id, protocol_version_id) REFERENCES protocol_version (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_stage_rule PRIMARY KEY (id),
  CONSTRAINT uq_stage_rule_protocol_version_id_stage UNIQUE (protocol_version_id, stage),
  CONSTRAINT uq_stage_rule_review_id_version_stage UNIQUE (review_id, version, stage)
);
CREATE INDEX ix_stage_rule_event ON stage_rule (review_id, event_number);
CREATE TRIGGER stage_rule_no_delete BEFORE DELETE ON stage_rule BEGIN SELECT RAISE(ABORT, 'stage_rule is append-only'); END;
CREATE TRIGGER stage_rule_no_update BEFORE UPDATE ON stage_rule BEGIN SELECT RAISE(ABORT, 'stage_rule is append-only'); END;

CREATE TABLE stage_schedule (
  due_on DATE,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  is_paused BOOLEAN NOT NULL,
  note TEXT,
  review_id CHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  CONSTRAINT ck_stage_schedule_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_stage_schedule_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_stage_schedule_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_stage_schedule PRIMARY KEY (id)
);
CREATE INDEX ix_stage_schedule_event ON stage_schedule (review_id, event_number);
CREATE TRIGGER stage_schedule_no_delete BEFORE DELETE ON stage_schedule BEGIN SELECT RAISE(ABORT, 'stage_schedule is append-only'); END;
CREATE TRIGGER stage_schedule_no_update BEFORE UPDATE ON stage_schedule BEGIN SELECT RAISE(ABORT, 'stage_schedule is append-only'); END;

CREATE TABLE stop (
  by_automation BOOLEAN,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  is_stopped BOOLEAN NOT NULL,
  numbers JSON NOT NULL,
  review_id CHAR(32) NOT NULL,
  rule TEXT NOT NULL,
  stage VARCHAR(32) NOT NULL,
  CONSTRAINT ck_stop_stage CHECK (stage IN ('title_abstract', 'full_text')),
  CONSTRAINT fk_stop_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_stop_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_stop PRIMARY KEY (id)
);
CREATE INDEX ix_stop_event ON stop (review_id, event_number);
CREATE TRIGGER stop_no_delete BEFORE DELETE ON stop BEGIN SELECT RAISE(ABORT, 'stop is append-only'); END;
CREATE TRIGGER stop_no_update BEFORE UPDATE ON stop BEGIN SELECT RAISE(ABORT, 'stop is append-only'); END;

CREATE TABLE study (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  label VARCHAR(255) NOT NULL,
  review_id CHAR(32) NOT NULL,
  CONSTRAINT fk_study_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_study_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT pk_study PRIMARY KEY (id),
  CONSTRAINT uq_study_review_id_id UNIQUE (review_id, id),
  CONSTRAINT uq_study_review_id_label UNIQUE (review_id, label)
);
CREATE INDEX ix_study_event ON study (review_id, event_number);
CREATE TRIGGER study_no_delete BEFORE DELETE ON study BEGIN SELECT RAISE(ABORT, 'study is append-only'); END;
CREATE TRIGGER study_no_update BEFORE UPDATE ON study BEGIN SELECT RAISE(ABORT, 'study is append-only'); END;

CREATE TABLE study_contract (
  contract_id CHAR(32) NOT NULL,
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  is_linked BOOLEAN NOT NULL,
  review_id CHAR(32) NOT NULL,
  study_id CHAR(32) NOT NULL,
  CONSTRAINT fk_study_contract_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_study_contract_review_id_contract_id FOREIGN KEY(review_id, contract_id) REFERENCES contract (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_study_contract_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_study_contract_review_id_study_id FOREIGN KEY(review_id, study_id) REFERENCES study (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_study_contract PRIMARY KEY (id)
);
CREATE INDEX ix_study_contract_event ON study_contract (review_id, event_number);
CREATE INDEX ix_study_contract_pair ON study_contract (review_id, study_id, contract_id, event_number);
CREATE TRIGGER study_contract_no_delete BEFORE DELETE ON study_contract BEGIN SELECT RAISE(ABORT, 'study_contract is append-only'); END;
CREATE TRIGGER study_contract_no_update BEFORE UPDATE ON study_contract BEGIN SELECT RAISE(ABORT, 'study_contract is append-only'); END;

CREATE TABLE study_report (
  event_number INTEGER NOT NULL,
  id CHAR(32) NOT NULL,
  is_linked BOOLEAN NOT NULL,
  record_id CHAR(32) NOT NULL,
  review_id CHAR(32) NOT NULL,
  study_id CHAR(32) NOT NULL,
  CONSTRAINT fk_study_report_review_id FOREIGN KEY(review_id) REFERENCES review (id) ON DELETE RESTRICT,
  CONSTRAINT fk_study_report_review_id_event_number FOREIGN KEY(review_id, event_number) REFERENCES event (review_id, number) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_study_report_review_id_record_id FOREIGN KEY(review_id, record_id) REFERENCES record (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_study_report_review_id_study_id FOREIGN KEY(review_id, study_id) REFERENCES study (review_id, id) ON DELETE RESTRICT,
  CONSTRAINT pk_study_report PRIMARY KEY (id)
);
CREATE INDEX ix_study_report_event ON study_report (review_id, event_number);
CREATE INDEX ix_study_report_record ON study_report (review_id, record_id, event_number);
CREATE TRIGGER study_report_no_delete BEFORE DELETE ON study_report BEGIN SELECT RAISE(ABORT, 'study_report is append-only'); END;
CREATE TRIGGER study_report_no_update BEFORE UPDATE ON study_report BEGIN SELECT RAISE(ABORT, 'study_report is append-only'); END;
