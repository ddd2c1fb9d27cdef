namespace Wharf.Server.AppTokens;

/// <summary>A token that was made, with the secret itself, or in words for a person why none was.</summary>
internal readonly record struct NewAppToken(AppToken? Token, string? Code, string? Problem)
{
    public static NewAppToken Refused(string problem) => new(null, null, problem);
}
