import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** To a job; a long id is cut at the width of its place and complete in its title. */
export function JobLink({ jobId, children }: { jobId: string; children?: ReactNode }) {
  return (
    <Anchor
      inherit
      className="job-link"
      title={jobId}
      renderRoot={(props) => <Link to="/jobs/$jobId" params={{ jobId }} {...props} />}
    >
      {children ?? jobId}
    </Anchor>
  );
}
