namespace Wharf.Server.Robots;

/// <summary>A robot, or in words for a person why not.</summary>
internal readonly record struct RobotOutcome(Robot? Robot, string? Problem)
{
    // Quay answers 400 for a robot that does not exist, and clients rely on it.
    public static readonly RobotOutcome Unknown = new(null, "Could not find robot with specified name");

    public static implicit operator RobotOutcome(Robot robot) => new(robot, null);
}
