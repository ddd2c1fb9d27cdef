using Wharf.Server.Mail;

namespace Wharf.Server.Organizations;

/// <summary>How people are asked into a team.</summary>
internal static class InviteLetter
{
    public static Letter ToPerson(string to, string name, string organization, string team, string by, string code) => new("invitation", to, $"An invitation to {organization}",
        [$"{by} invites you, {name}, to the team {team} of the organization {organization}.", "The link below tells more. If you do not want to join, do nothing."],
        "/confirminvite?code=" + code, "See the invitation");

    public static Letter ToAddress(string to, string organization, string team, string by, string code) => new("invitation", to, $"An invitation to {organization}",
        [$"{by} invites you to the team {team} of the organization {organization}.", $"The link below is good for {TeamStore.MailedDays} days, and once, for whoever has it: do not pass it on. If you do not want to join, do nothing."],
        "/confirminvite?code=" + code, "See the invitation");
}
