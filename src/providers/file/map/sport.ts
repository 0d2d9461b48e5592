import { ActivityType } from '../../../schema/enums.ts';

interface Sport {
  type: ActivityType;
  /** Kinds that a sub-sport makes more precise. */
  bySubSport?: Record<string, ActivityType>;
}

/** Sport and sub-sport names of the FIT profile → kind of workout. Sports that are not listed are `Other`. */
const SPORTS: Record<string, Sport> = {
  generic: { type: ActivityType.Unknown },
  running: {
    type: ActivityType.Running,
    bySubSport: {
      treadmill: ActivityType.Treadmill,
      trail: ActivityType.TrailRunning,
      track: ActivityType.Running,
      indoor_running: ActivityType.IndoorRunning,
      virtual_activity: ActivityType.IndoorRunning,
    },
  },
  cycling: {
    type: ActivityType.Biking,
    bySubSport: {
      spin: ActivityType.Spinning,
      indoor_cycling: ActivityType.StationaryBiking,
      road: ActivityType.RoadBiking,
      mountain: ActivityType.MountainBiking,
      cyclocross: ActivityType.Biking,
      hand_cycling: ActivityType.HandBiking,
      gravel_cycling: ActivityType.GravelCycling,
      virtual_activity: ActivityType.StationaryBiking,
      commuting: ActivityType.UtilityBiking,
    },
  },
  transition: { type: ActivityType.Other },
  fitness_equipment: {
    type: ActivityType.Other,
    bySubSport: {
      elliptical: ActivityType.Elliptical,
      stair_climbing: ActivityType.StairClimbingMachine,
      indoor_rowing: ActivityType.RowingMachine,
      treadmill: ActivityType.Treadmill,
    },
  },
  swimming: {
    type: ActivityType.Swimming,
    bySubSport: {
      lap_swimming: ActivityType.SwimmingInPool,
      open_water: ActivityType.OpenWaterSwimming,
    },
  },
  basketball: { type: ActivityType.Basketball },
  soccer: { type: ActivityType.EnglishFootball },
  tennis: { type: ActivityType.Tennis },
  american_football: { type: ActivityType.AmericanFootball },
  training: {
    type: ActivityType.CircuitTraining,
    bySubSport: {
      strength_training: ActivityType.StrengthTraining,
      cardio_training: ActivityType.CardioTraining,
      yoga: ActivityType.Yoga,
      pilates: ActivityType.Pilates,
      breathing: ActivityType.GuidedBreathing,
      hiit: ActivityType.HIIT,
    },
  },
  walking: {
    type: ActivityType.Walking,
    bySubSport: {
      indoor_walking: ActivityType.TreadmillWalking,
      casual_walking: ActivityType.Walking,
      speed_walking: ActivityType.WalkingForFitness,
    },
  },
  cross_country_skiing: { type: ActivityType.CrossCountrySkiing },
  alpine_skiing: {
    type: ActivityType.DownhillSkiing,
    bySubSport: { backcountry: ActivityType.BackCountrySkiing },
  },
  snowboarding: { type: ActivityType.Snowboarding },
  rowing: { type: ActivityType.Rowing },
  mountaineering: { type: ActivityType.Mountaineering },
  hiking: { type: ActivityType.Hiking },
  multisport: { type: ActivityType.Multisport },
  paddling: { type: ActivityType.Paddling },
  flying: { type: ActivityType.Flying },
  e_biking: {
    type: ActivityType.EBiking,
    bySubSport: { e_bike_mountain: ActivityType.EMountainBiking },
  },
  motorcycling: { type: ActivityType.Motorbiking },
  boating: { type: ActivityType.PowerBoating },
  driving: { type: ActivityType.Driving },
  golf: { type: ActivityType.Golf },
  hang_gliding: { type: ActivityType.HangGliding },
  horseback_riding: { type: ActivityType.HorsebackRiding },
  fishing: { type: ActivityType.Fishing },
  inline_skating: { type: ActivityType.InlineSkating },
  rock_climbing: { type: ActivityType.RockClimbing },
  sailing: { type: ActivityType.Sailing },
  ice_skating: { type: ActivityType.IceSkating },
  sky_diving: { type: ActivityType.SkyDiving },
  snowshoeing: { type: ActivityType.Snowshoeing },
  snowmobiling: { type: ActivityType.Snowmobile },
  stand_up_paddleboarding: { type: ActivityType.StandUpPaddleboarding },
  surfing: { type: ActivityType.Surfing },
  wakeboarding: { type: ActivityType.Wakeboarding },
  water_skiing: { type: ActivityType.WaterSkiing },
  kayaking: { type: ActivityType.Kayaking },
  windsurfing: { type: ActivityType.Windsurfing },
  kitesurfing: { type: ActivityType.Kitesurfing },
  boxing: { type: ActivityType.Boxing },
  floor_climbing: { type: ActivityType.StairClimbing },
  baseball: { type: ActivityType.Baseball },
  diving: { type: ActivityType.Diving },
  hiit: { type: ActivityType.HIIT },
  racket: {
    type: ActivityType.Other,
    bySubSport: {
      pickleball: ActivityType.Other,
      padel: ActivityType.PadelTennis,
      squash: ActivityType.Squash,
      badminton: ActivityType.Badminton,
      racquetball: ActivityType.Racquetball,
      table_tennis: ActivityType.TableTennis,
    },
  },
  wheelchair_push_walk: { type: ActivityType.Wheelchair },
  wheelchair_push_run: { type: ActivityType.Wheelchair },
  meditation: { type: ActivityType.Meditation },
  cricket: { type: ActivityType.Cricket },
  rugby: { type: ActivityType.Rugby },
  hockey: { type: ActivityType.Hockey },
  lacrosse: { type: ActivityType.Lacrosse },
  volleyball: { type: ActivityType.Volleyball },
  archery: { type: ActivityType.Archery },
  mixed_martial_arts: { type: ActivityType.MixedMartialArts },
  motor_sports: { type: ActivityType.MotorRacing },
  dance: { type: ActivityType.Dancing },
  jump_rope: { type: ActivityType.JumpingRope },
  canoeing: { type: ActivityType.Canoeing },
};

/** The kind of workout; a session that names no sport is of unknown kind. */
export function activityTypeOf(sport: string | undefined, subSport: string | undefined): ActivityType {
  if (sport === undefined) return ActivityType.Unknown;
  const entry = Object.hasOwn(SPORTS, sport) ? SPORTS[sport] : undefined;
  if (!entry) return ActivityType.Other;
  const precise = entry.bySubSport;
  if (subSport === undefined || !precise || !Object.hasOwn(precise, subSport)) return entry.type;
  return precise[subSport] ?? entry.type;
}
